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
    readsReply: Bool = false, upstream: UpstreamRuntime, passesCredentials: Bool, into list: HeaderList
  ) {
    var isReduced = false
    for (name, value) in request.headers where !upstream.sets(name) {
      switch FieldKind(name) {
      case .plain, .origin, .fetchSite, .contentType, .accept, .userAgent, .referer, .title, .openRouterTitle,
        .requestID, .userID, .cacheControl, .variant:
        if !fields.isNominated(name) { list.add(name, value) }
      case .authorization, .apiKey:
        if passesCredentials, !fields.isNominated(name) { list.add(name, value) }
      case .otherKey:
        // To the upstream that the client means, as everything that weir does not know, and to no other.
        if upstream.isDefault || passesCredentials, !fields.isNominated(name) { list.add(name, value) }
      case .traceParent, .traceState:
        if fields.madeTraceParent == nil, !fields.isNominated(name) { list.add(name, value) }
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
        .weirVariant, .weirTask, .weirTimeout, .weirCacheTTL, .weir:
        continue
      }
    }
    addOwn(fields, upstream: upstream, to: list)
  }

  private static func addOwn(_ fields: RequestFields, upstream: UpstreamRuntime, to list: HeaderList) {
    if let authorization = upstream.authorization, !upstream.sets("authorization") {
      list.add("Authorization", authorization)
    }
    for (name, value) in upstream.headers { list.add(name, value) }
    if let parent = fields.madeTraceParent, !upstream.sets("traceparent") { list.add("traceparent", parent) }
    if let url = upstream.siteURL, !fields.hasReferer, !upstream.sets("http-referer") { list.add("HTTP-Referer", url) }
    if let name = upstream.siteName, !fields.hasTitle, !upstream.sets("x-title") {
      list.add("X-OpenRouter-Title", name)
      list.add("X-Title", name)
    }
    // libcurl would make these up.
    list.suppress("Expect")
    if !fields.hasAccept, !upstream.sets("accept") { list.suppress("Accept") }
    if !fields.hasContentType, !upstream.sets("content-type") { list.suppress("Content-Type") }
  }
}
