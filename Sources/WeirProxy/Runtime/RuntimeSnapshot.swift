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
  /// Access lines are of level info.
  let logsAccess: Bool
  let clientHeaderTimeout: Int64
  let clientIdleTimeout: Int64

  init(_ configuration: Configuration) {
    self.configuration = configuration
    let kimi = configuration.kimi
    let catalog = ModelCatalog(kimiModelID: kimi.modelID)
    policy = PolicySnapshot(
      clients: ClientDirectory(configuration.clients.map { ($0.name, $0.key.reveal()) }),
      models: catalog,
      rollouts: Self.rollouts(kimi, catalog: catalog),
      killSwitch: KillSwitch(isKimiEnabled: kimi.isEnabled, fallbackModel: kimi.fallbackModel, catalog: catalog),
      kimiDefaults: PolicySnapshot.KimiDefaults(
        maxTokens: kimi.maxTokens, temperature: kimi.temperature?.spelling))
    upstreamBase = configuration.upstream.url.description
    upstreamName = configuration.upstream.url.host
    authorization = configuration.upstream.apiKey.map { "Bearer " + $0.reveal() }
    logsAccess = [.trace, .debug, .info].contains(configuration.logging.level)
    let limits = configuration.timeouts
    timeouts = PhaseTimeouts(
      connect: limits.connect, firstByte: limits.firstByte, idle: limits.idle, total: limits.total)
    clientHeaderTimeout = limits.clientHeader.nanoseconds
    clientIdleTimeout = limits.clientIdle.nanoseconds
  }

  private static func rollouts(_ kimi: Configuration.Kimi, catalog: ModelCatalog) -> RolloutTable {
    let rollout = try? Rollout.kimi(
      hundredths: kimi.rolloutPercent.hundredths, from: kimi.rolloutFrom, modelID: kimi.modelID)
    let table = rollout.flatMap { try? RolloutTable([$0], catalog: catalog, isKimiEnabled: kimi.isEnabled) }
    return table ?? .empty
  }
}
