import WeirConfiguration
import WeirPolicy
import WeirUpstream

/// One upstream, worked out into what a request to it needs.
struct UpstreamRuntime: Sendable {
  /// What headers, metrics and logs call it.
  let name: String
  /// Without a trailing slash.
  let base: String
  /// The value of `Authorization`; nil sends none of weir's.
  let authorization: String?
  /// Whether it is the one of `WEIR_UPSTREAM_URL`.
  let isDefault: Bool
  /// Whether the client's own key goes there where weir has none for it.
  let passesClientKey: Bool
  /// Set on every request, in place of the client's fields of the same names.
  let headers: [(name: String, value: String)]
  /// Attribution, only for the upstream of `WEIR_UPSTREAM_URL`.
  let siteURL: String?
  let siteName: String?
  let timeouts: PhaseTimeouts

  init(_ upstream: Configuration.NamedUpstream, attribution: Configuration.Upstream?) {
    name = upstream.name
    base = upstream.url.description
    authorization = upstream.apiKey.map { "Bearer " + $0.reveal() }
    passesClientKey = upstream.passesClientKey
    headers = upstream.headers.map { ($0.name, $0.value.reveal()) }
    isDefault = attribution != nil
    siteURL = attribution?.siteURL
    siteName = attribution?.siteName
    let limits = upstream.timeouts
    timeouts = PhaseTimeouts(
      connect: limits.connect, firstByte: limits.firstByte, idle: limits.idle, total: limits.total)
  }

  /// Whether a header of this name is set by the configuration.
  func sets(_ header: String) -> Bool {
    !headers.isEmpty && headers.contains { $0.name.lowercased() == header.lowercased() }
  }
}

extension UpstreamRuntime: CustomStringConvertible, CustomReflectable {
  /// The name alone: the rest holds keys.
  var description: String { name }
  /// Nothing for `dump` to descend into.
  var customMirror: Mirror { Mirror(self, children: []) }
}
