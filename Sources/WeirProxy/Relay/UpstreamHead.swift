import NIOHTTP1
import WeirConfiguration
import WeirPolicy
import WeirUpstream
import WeirWire

/// Writes the head of the upstream request: the client's fields in their order, without those of its own hop, and
/// with the upstream's key and the attribution that the configuration asks for.
enum UpstreamHead {
  static func write(
    _ request: HTTPRequestHead, fields: RequestFields, endpoint: Endpoint, bodyWasInflated: Bool,
    readsReply: Bool = false, snapshot: RuntimeSnapshot, into list: HeaderList
  ) {
    var isReduced = false
    for (name, value) in request.headers {
      switch FieldKind(name) {
      case .plain, .origin, .fetchSite, .contentType, .accept, .userAgent, .referer, .title, .openRouterTitle,
        .requestID, .userID:
        if !fields.isNominated(name) { list.add(name, value) }
      case .authorization, .apiKey:
        if passesCredentials(snapshot), !fields.isNominated(name) { list.add(name, value) }
      case .contentEncoding:
        if !bodyWasInflated { list.add(name, value) }
      case .acceptEncoding:
        guard !isReduced else { continue }
        if endpoint.readsBody || readsReply, let all = fields.acceptEncoding,
          let reduced = AcceptEncoding.reduced(all)
        {
          list.add(name, reduced)
          isReduced = true
        } else {
          list.add(name, value)
        }
      case .hopByHop, .connection, .transferEncoding, .upgrade, .host, .contentLength, .expect, .weirUser,
        .weirVariant, .weirTask, .weir:
        continue
      }
    }
    addOwn(fields, snapshot: snapshot, to: list)
  }

  /// The client's own key goes upstream only where weir has none and did not take it for one of its own.
  static func passesCredentials(_ snapshot: RuntimeSnapshot) -> Bool {
    snapshot.authorization == nil && !snapshot.policy.clients.isRequired
  }

  private static func addOwn(_ fields: RequestFields, snapshot: RuntimeSnapshot, to list: HeaderList) {
    if let authorization = snapshot.authorization { list.add("Authorization", authorization) }
    let upstream = snapshot.configuration.upstream
    if let url = upstream.siteURL, !fields.hasReferer { list.add("HTTP-Referer", url) }
    if let name = upstream.siteName, !fields.hasTitle {
      list.add("X-OpenRouter-Title", name)
      list.add("X-Title", name)
    }
    // libcurl would make these up.
    list.suppress("Expect")
    if !fields.hasAccept { list.suppress("Accept") }
    if !fields.hasContentType { list.suppress("Content-Type") }
  }
}
