@testable import WeirPolicy

extension Exchange {
  /// A chat request that has been opened and nothing else.
  static func opened(_ target: String = "/v1/chat/completions", policy: PolicySnapshot = .of()) -> Exchange {
    RequestPath.open(RequestHead(method: "POST", target: target), requestID: "r", policy: policy, now: 0).0
  }

  /// A request for the first of some models, each at an upstream of its own named `u0`, `u1`…
  static func planned(_ models: String..., policy: PolicySnapshot = .of()) -> Exchange {
    let exchange = opened(policy: policy)
    exchange.plan = AttemptPlan(
      targets: models.enumerated().map { place, model in
        AttemptTarget(
          upstream: place, model: policy.models.resolve(model), isFallback: place > 0, contextWindow: nil,
          route: UpstreamRoute(id: "u\(place)", name: "u\(place)"))
      })
    exchange.model = exchange.plan.target(0)?.model
    exchange.sentModel = models.first
    return exchange
  }
}

extension AttemptBook {
  /// Opens a circuit as five failures in a row do.
  func open(_ key: CircuitKey, now: Int64 = 0) {
    for _ in 0..<5 { _ = record(key, .failure, wasProbe: false, now: now) }
  }
}
