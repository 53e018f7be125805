import WeirConfiguration
import WeirPolicy
import WeirUpstream
import WeirWire

/// Writes the head of the upstream request: the client's fields in their order, without those of its own hop, and
/// with the upstream's key and the attribution that the configuration asks for.
enum UpstreamHead {
  static func write(
    _ request: ClientHead, fields: RequestFields, endpoint: Endpoint, bodyWasInflated: Bool,
    readsReply: Bool = false, editsReply: Bool = false, upstream: UpstreamRuntime, credentials: Credentials,
    into list: HeaderList
  ) {
    var isReduced = false
    request.forEachField { field in
      guard upstream.headers.isEmpty || !upstream.sets(field.nameText) else { return }
      switch field.kind {
      case .plain, .origin, .fetchSite, .contentType, .accept, .userAgent, .referer, .title, .openRouterTitle,
        .requestID, .userID, .cacheControl, .variant, .setCookie, .server:
        break
      case .authorization:
        guard credentials.passes(field.valueText, in: .authorization, of: fields) else { return }
      case .apiKey:
        guard credentials.passes(field.valueText, in: .apiKey, of: fields) else { return }
      case .otherKey:
        // To the upstream that the client means, as everything that weir does not know, and to no other.
        guard upstream.isDefault || credentials.own != .none, !credentials.clients.knows(field.valueText) else {
          return
        }
      case .traceParent, .traceState:
        guard fields.madeTraceParent == nil else { return }
      case .contentEncoding:
        if !bodyWasInflated { unsafe list.add(field.name, field.value) }
        return
      case .acceptEncoding:
        // A reply is never both compressed and edited.
        guard !isReduced, !editsReply else { return }
        if endpoint.readsBody || readsReply, let all = fields.acceptEncoding,
          let reduced = AcceptEncoding.reduced(all)
        {
          list.add(field.nameText, reduced)
          isReduced = true
        } else {
          unsafe list.add(field.name, field.value)
        }
        return
      case .hopByHop, .connection, .transferEncoding, .upgrade, .host, .contentLength, .expect, .weirUser,
        .weirVariant, .weirTask, .weirTimeout, .weirCacheTTL, .weir:
        return
      }
      if !fields.nominates(field) { unsafe list.add(field.name, field.value) }
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
