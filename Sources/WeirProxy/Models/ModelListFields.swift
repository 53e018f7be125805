import NIOCore
import WeirPolicy

/// Which header lines of the upstream's list still hold once weir has changed or kept the body.
enum ModelListFields {
  /// They tell of the bytes that the upstream sent, not of those that the client gets (RFC 9110, section 8; RFC 9530).
  private static let ofTheBytes: Set<String> = [
    "content-encoding", "etag", "last-modified", "accept-ranges", "content-md5", "digest", "content-digest",
    "repr-digest",
  ]
  /// They are for the one request that was answered.
  private static let ofTheRequest: Set<String> = ["set-cookie", "set-cookie2", "age"]
  /// What decides nothing here: the body is kept without coding, and credentials have been looked at before.
  private static let settled: Set<String> = ["accept-encoding", "authorization", "x-api-key"]
  /// What every client sends and no upstream answers by. Any other field may tell who asks.
  private static let ofEveryClient: Set<String> = [
    "host", "connection", "accept", "accept-encoding", "accept-language", "user-agent", "content-type",
    "content-length", "x-request-id", "http-referer", "x-title", "x-openrouter-title",
  ]

  /// The lines for the request that was answered, or for later ones.
  static func lines(_ lines: ByteBuffer, forLater: Bool, allocator: ByteBufferAllocator) -> ByteBuffer {
    var kept = allocator.buffer(capacity: lines.readableBytes)
    forEach(lines) { name, _, line in
      if ofTheBytes.contains(name) { return }
      if forLater, ofTheRequest.contains(name) || name.hasPrefix("x-ratelimit-") { return }
      kept.writeBytes(line)
      kept.writeInteger(UInt16(0x0D0A))
    }
    return kept
  }

  /// The fields that `Vary` names, with the request's values; nil when every request may get another reply.
  static func varying(_ lines: ByteBuffer, request: ClientHead) -> [ModelListCache.VaryingField]? {
    var names: [String] = []
    forEach(lines) { name, value, _ in
      guard name == "vary" else { return }
      names += value.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
    }
    guard !names.contains("*") else { return nil }
    return names.filter { !settled.contains($0) }
      .map { ModelListCache.VaryingField(name: $0, values: request.values(of: $0)) }
  }

  /// Whether the upstream sees who asks: then the list may be that caller's own.
  static func tellsCaller(
    _ fields: RequestFields, request: ClientHead, exchange: Exchange, snapshot: RuntimeSnapshot
  ) -> Bool {
    let hasCredentials = fields.head.authorization != nil || fields.head.apiKey != nil
    if hasCredentials, snapshot.credentials(of: exchange, to: snapshot.defaultUpstream) != .none { return true }
    var isTold = false
    request.forEachField { field in
      let name = field.nameText.lowercased()
      if !ofEveryClient.contains(name), !settled.contains(name), !name.hasPrefix("x-stainless-"),
        !name.hasPrefix("x-weir-")
      {
        isTold = true
      }
    }
    return isTold
  }

  /// Whether the upstream allows that its reply serves others too (RFC 9111, section 5.2.2).
  static func mayBeKept(_ lines: ByteBuffer) -> Bool {
    var isAllowed = true
    forEach(lines) { name, value, _ in
      guard name == "cache-control" else { return }
      let directives = value.lowercased()
      if ["private", "no-store", "no-cache"].contains(where: directives.contains) { isAllowed = false }
    }
    return isAllowed
  }

  private static func forEach(_ lines: ByteBuffer, _ body: (String, Substring, ByteBufferView) -> Void) {
    var rest = lines.readableBytesView
    while let end = rest.firstIndex(of: 0x0D) {
      let line = rest[rest.startIndex..<end]
      let text = String(decoding: line, as: UTF8.self)
      let name = text.prefix { $0 != ":" }
      body(name.lowercased(), text.dropFirst(name.count + 1), line)
      rest = rest[end...].dropFirst(2)
    }
  }
}
