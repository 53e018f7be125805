import WeirConfiguration
import WeirPolicy
import WeirUpstream

/// One configuration, worked out into what requests need; made at start and at every reload, never changed.
final class RuntimeSnapshot: Sendable {
  let configuration: Configuration
  let policy: PolicySnapshot
  /// The one of `WEIR_UPSTREAM_URL` first.
  let upstreams: [UpstreamRuntime]
  let clientHeaderTimeout: Int64
  let clientIdleTimeout: Int64

  /// `rollouts` are the configured ones with the changes made since; nil takes them as configured.
  /// `prices` are those that upstreams were last seen to publish.
  init(_ configuration: Configuration, rollouts: RolloutTable? = nil, prices: PriceList = .empty) {
    self.configuration = configuration
    let kimi = configuration.kimi
    let catalog = configuration.catalog
    policy = PolicySnapshot(
      clients: ClientDirectory(configuration.clients.map { ($0.name, $0.key.reveal()) }),
      models: catalog,
      access: configuration.access,
      routes: configuration.routes,
      routesByLength: configuration.routesByLength,
      rollouts: rollouts ?? configuration.rollouts,
      killSwitch: KillSwitch(isKimiEnabled: kimi.isEnabled, fallbackModel: kimi.fallbackModel, catalog: catalog),
      kimiDefaults: PolicySnapshot.KimiDefaults(
        maxTokens: kimi.maxTokens, temperature: kimi.temperature?.spelling),
      upstreams: configuration.upstreams.map(\.route),
      resilience: configuration.resilience,
      cache: configuration.cachePolicy,
      limits: configuration.limitPolicy,
      screening: configuration.screening,
      prices: prices,
      baseline: configuration.pricing.baseline)
    upstreams = configuration.upstreams.enumerated().map { index, upstream in
      UpstreamRuntime(upstream, attribution: index == 0 ? configuration.upstream : nil)
    }
    let limits = configuration.timeouts
    clientHeaderTimeout = limits.clientHeader.nanoseconds
    clientIdleTimeout = limits.clientIdle.nanoseconds
  }

  /// The upstream of `WEIR_UPSTREAM_URL`.
  var defaultUpstream: UpstreamRuntime { upstreams[0] }

  /// Whether the client's own key goes to an upstream: only where weir has none for it and did not take the client's
  /// for one of its own.
  func passesCredentials(to upstream: UpstreamRuntime) -> Bool {
    upstream.authorization == nil && upstream.passesClientKey && !policy.clients.isRequired
  }
}
