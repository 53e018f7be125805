import WeirConfiguration
import WeirPolicy
import WeirUpstream

/// One configuration, worked out into what requests need; made at start and at every reload, never changed.
final class RuntimeSnapshot: Sendable {
  let configuration: Configuration
  let policy: PolicySnapshot
  /// The one of `WEIR_UPSTREAM_URL` first.
  let upstreams: [UpstreamRuntime]
  let hygiene: ReplyHygiene
  let clientHeaderTimeout: Int64
  let clientIdleTimeout: Int64

  /// `rollouts` are the configured ones with the changes made since; nil takes them as configured.
  /// `prices` are those that upstreams were last seen to publish.
  /// The kill switch is off where either the configuration or the rollouts have it so.
  init(_ configuration: Configuration, rollouts: RolloutTable? = nil, prices: PriceList = .empty) {
    self.configuration = configuration
    let kimi = configuration.kimi
    let catalog = configuration.catalog
    policy = PolicySnapshot(
      clients: ClientDirectory(configuration.clients),
      models: catalog,
      access: configuration.access,
      routes: configuration.routes,
      routesByLength: configuration.routesByLength,
      rollouts: rollouts ?? configuration.rollouts,
      killSwitch: KillSwitch(
        isKimiEnabled: kimi.isEnabled && rollouts?.isKimiEnabled != false, fallbackModel: kimi.fallbackModel,
        catalog: catalog),
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
    hygiene = ReplyHygiene(configuration.hygiene, asksForKeys: policy.clients.isRequired)
    let limits = configuration.timeouts
    clientHeaderTimeout = limits.clientHeader.nanoseconds
    clientIdleTimeout = limits.clientIdle.nanoseconds
  }

  /// The upstream of `WEIR_UPSTREAM_URL`.
  var defaultUpstream: UpstreamRuntime { upstreams[0] }

  /// Which of a request's own credentials go to an upstream. Where weir asks for no keys, all of them, but only where it
  /// has none of its own for the upstream. Where it does ask, what the client sent beside its key for weir, in the place
  /// of weir's own, if the configuration lets that client do so.
  func credentials(of exchange: Exchange, to upstream: UpstreamRuntime) -> OwnCredentials {
    guard upstream.passesClientKey else { return .none }
    return exchange.ownCredentials == .all && upstream.authorization != nil ? .none : exchange.ownCredentials
  }
}
