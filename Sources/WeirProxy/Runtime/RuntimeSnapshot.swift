import WeirConfiguration
import WeirPolicy
import WeirUpstream

/// One configuration, worked out into what requests need; made at start and at every reload, never changed.
final class RuntimeSnapshot: Sendable {
  let configuration: Configuration
  let policy: PolicySnapshot
  /// Without a trailing slash.
  let upstreamBase: String
  /// What metrics and headers call the upstream: its host.
  let upstreamName: String
  /// The value of `Authorization` towards the upstream; nil passes the client's own on.
  let authorization: String?
  let timeouts: PhaseTimeouts
  let clientHeaderTimeout: Int64
  let clientIdleTimeout: Int64

  /// `rollouts` are the configured ones with the changes made since; nil takes them as configured.
  init(_ configuration: Configuration, rollouts: RolloutTable? = nil) {
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
        maxTokens: kimi.maxTokens, temperature: kimi.temperature?.spelling))
    upstreamBase = configuration.upstream.url.description
    upstreamName = configuration.upstream.url.host
    authorization = configuration.upstream.apiKey.map { "Bearer " + $0.reveal() }
    let limits = configuration.timeouts
    timeouts = PhaseTimeouts(
      connect: limits.connect, firstByte: limits.firstByte, idle: limits.idle, total: limits.total)
    clientHeaderTimeout = limits.clientHeader.nanoseconds
    clientIdleTimeout = limits.clientIdle.nanoseconds
  }
}
