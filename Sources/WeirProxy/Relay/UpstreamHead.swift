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
    readsReply: Bool = false, editsReply: Bool = false, upstream: UpstreamRuntime, credentials: Credentials,
    into list: HeaderList
  ) {
    var isReduced = false
    for (name, value) in request.headers where !upstream.sets(name) {
      switch FieldKind(name) {
      case .plain, .origin, .fetchSite, .contentType, .accept, .userAgent, .referer, .title, .openRouterTitle,
        .requestID, .userID, .cacheControl, .variant, .setCookie, .server:
        if !fields.isNominated(name) { list.add(name, value) }
      case .authorization:
        if credentials.passes(value, in: .authorization, of: fields), !fields.isNominated(name) {
          list.add(name, value)
        }
      case .apiKey:
        if credentials.passes(value, in: .apiKey, of: fields), !fields.isNominated(name) { list.add(name, value) }
      case .otherKey:
        // To the upstream that the client means, as everything that weir does not know, and to no other.
        guard upstream.isDefault || credentials.own != .none, !fields.isNominated(name) else { continue }
        if !credentials.clients.knows(value) { list.add(name, value) }
      case .traceParent, .traceState:
        if fields.madeTraceParent == nil, !fields.isNominated(name) { list.add(name, value) }
      case .contentEncoding:
        if !bodyWasInflated { list.add(name, value) }
      case .acceptEncoding:
        // A reply is never both compressed and edited.
        guard !isReduced, !editsReply else { continue }
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
    addOwn(fields, upstream: upstream, credentials: credentials.own, to: list)
  }

  /// Which of a request's keys go on; those for weir never do, whatever field they come in.
  struct Credentials {
    let own: OwnCredentials
    let clients: ClientDirectory

    /// Whether a line of a header goes on. Where it comes more than once, a client that weir knows has said which key it
    /// means only by the last.
    func passes(_ value: String, in header: ClientDirectory.Header, of fields: RequestFields) -> Bool {
      switch (own, header) {
      case (.all, _): true
      case (.authorization, .authorization): value == fields.head.authorization
      case (.apiKey, .apiKey): value == fields.head.apiKey
      case (.none, _), (.authorization, .apiKey), (.apiKey, .authorization): false
      }
    }
  }

  private static func addOwn(
    _ fields: RequestFields, upstream: UpstreamRuntime, credentials: OwnCredentials, to list: HeaderList
  ) {
    // A client's own key for the upstream goes in the place of weir's.
    if let authorization = upstream.authorization, !upstream.sets("authorization"), credentials == .none {
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
