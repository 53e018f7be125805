import WeirConfiguration
import WeirMetrics
import WeirPolicy
import WeirStore
import WeirWire

extension ProxyMetrics {
  /// The most series that `/metrics` can ever show under a configuration, whatever clients and upstreams send: for each
  /// family the combinations of its labels' values, as far as the registry keeps them, times the lines of a histogram.
  func seriesBound(_ configuration: Configuration) -> Int {
    registry.seriesBound(Self.labelBounds(configuration, knownModels: knownModels))
  }

  /// How many values each label can have. One that is missing here is bounded by the registry alone.
  private static func labelBounds(_ configuration: Configuration, knownModels: Int) -> [String: Int] {
    // What is known, what is admitted beside it, and `other`.
    let models = knownModels + BoundedLabel.defaultLimit + 1
    let admitted = BoundedLabel.defaultLimit + 2
    let upstreams = configuration.upstreams.count + 1
    let clients = configuration.clients.count + 1
    let policy = configuration.limitPolicy
    let variants = Set(configuration.rollouts.entries.flatMap { $0.configured.variants.map(\.name) })
    return [
      "endpoint": Endpoint.allCases.count, "model": models, "from": models, "to": models,
      "gen_ai_request_model": models, "gen_ai_response_model": admitted, "provider": admitted,
      "upstream": upstreams, "server_address": upstreams, "server_port": upstreams,
      "gen_ai_provider_name": GenAIServer.knownProviders + upstreams, "gen_ai_operation_name": 3,
      "client": clients, "limit": policy.rates.count + policy.concurrency.count + policy.budgets.count,
      "rollout": configuration.rollouts.entries.count + 1,
      // Beside the rollouts' own: the incumbent and none.
      "variant": variants.count + 2,
      // 200 to 999, and what stands for no status.
      "status": 801, "stream": 2, "sticky": 2, "reused": 2, "cache": 4, "type": 4, "gen_ai_token_type": 2, "rating": 2,
      "operation": StoreOperation.allCases.count, "direction": 2, "phase": 3, "version": 1, "file": 3,
    ]
  }
}
