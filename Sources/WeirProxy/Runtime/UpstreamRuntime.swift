import WeirConfiguration
import WeirPolicy
import WeirUpstream
import WeirWire

/// One upstream, worked out into what a request to it needs. An object, so that requests pass it on without copying.
final class UpstreamRuntime: Sendable {
  /// What headers, metrics and logs call it.
  let name: String
  /// Without a trailing slash.
  let base: String
  /// What replies are kept under: its id, which two of one address may differ in, and its address, which a reload may
  /// change.
  let identity: String
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
  /// The URLs of the APIs that nearly every request asks, put together once, by what follows the base.
  private let usual: [(rest: String, url: String)]

  init(_ upstream: Configuration.NamedUpstream, attribution: Configuration.Upstream?) {
    name = upstream.name
    base = upstream.url.description
    identity = "\(upstream.id) \(base)"
    authorization = upstream.apiKey.map { "Bearer " + $0.reveal() }
    passesClientKey = upstream.passesClientKey
    headers = upstream.headers.map { ($0.name, $0.value.reveal()) }
    let base = base
    usual = Endpoint.allCases.filter(\.readsBody).map { ("/\($0.rawValue)", "\(base)/\($0.rawValue)") }
    isDefault = attribution != nil
    siteURL = attribution?.siteURL
    siteName = attribution?.siteName
    let limits = upstream.timeouts
    timeouts = PhaseTimeouts(
      connect: limits.connect, firstByte: limits.firstByte, idle: limits.idle, total: limits.total)
  }

  /// Where a request goes at this upstream.
  func url(of target: RequestTarget) -> String {
    if target.query.isEmpty, let known = usual.first(where: { $0.rest == target.rest }) { return known.url }
    return base + target.rest + target.query
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
