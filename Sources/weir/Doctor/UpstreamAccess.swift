import WeirConfiguration
import WeirUpstream

/// How the configured upstream is reached.
struct UpstreamAccess: Sendable {
  /// Without a trailing slash.
  let base: String
  /// The value of `Authorization`; nil where no key is configured.
  let authorization: String?
  let timeouts: PhaseTimeouts

  init(_ configuration: Configuration) {
    base = configuration.upstream.url.description
    authorization = configuration.upstream.apiKey.map { "Bearer " + $0.reveal() }
    let limits = configuration.timeouts
    timeouts = PhaseTimeouts(
      connect: limits.connect, firstByte: limits.firstByte, idle: limits.idle, total: limits.total)
  }
}
