import NIOCore
import NIOHTTP1
import WeirPolicy
import WeirWire

/// Writes the heads of replies as bytes: the upstream's fields, weir's own, and the framing.
enum ReplyHeadWriter {
  /// - Parameter room: for bytes of the body that the caller writes behind the head.
  static func relayed(
    _ head: ReplyHead, status: Int, framing: ReplyFraming, keepAlive: Bool, exchange: Exchange, ownRequestID: Bool,
    isHTTP10: Bool, room: Int = 0, allocator: ByteBufferAllocator
  ) -> ByteBuffer {
    // Where weir limits, its own figures are the ones that hold.
    let lines = exchange.isLimited ? head.linesWithoutRateLimits : head.lines
    var buffer = allocator.buffer(capacity: lines.readableBytes + 640 + room)
    unsafe lines.withUnsafeReadableBytes { lines in
      unsafe buffer.writeHead { text in
        unsafe putStatus(status, to: &text)
        unsafe text.put(lines)
        unsafe putFraming(framing, status: status, contentLength: head.contentLength, to: &text)
        unsafe putRequestID(exchange, upstream: head.requestID, ownRequestID: ownRequestID, to: &text)
        unsafe putTrail(exchange, to: &text)
        unsafe putTiming(exchange, to: &text)
        unsafe putEnd(keepAlive: keepAlive, isHTTP10: isHTTP10, to: &text)
      }
    }
    return buffer
  }

  /// The head of a document that weir answers with, or of a reply that another request brought; `lines` go out as they
  /// are.
  ///
  /// - Parameter room: for bytes of the body that the caller writes behind the head.
  static func document(
    lines: some Collection<UInt8>, status: Int = 200, framing: ReplyFraming = .sized,
    fields: [(name: String, value: String)], bodyBytes: Int?, upstreamRequestID: String?, exchange: Exchange,
    ownRequestID: Bool, keepAlive: Bool, isHTTP10: Bool, room: Int = 0, allocator: ByteBufferAllocator
  ) -> ByteBuffer {
    var buffer = allocator.buffer(capacity: lines.count + 640 + room)
    unsafe buffer.writeHead { unsafe putStatus(status, to: &$0) }
    buffer.writeBytes(lines)
    unsafe buffer.writeHead { text in
      unsafe putFraming(framing, status: status, contentLength: bodyBytes, to: &text)
      for field in fields { unsafe text.putField(named: field.name, field.value) }
      unsafe putRequestID(exchange, upstream: upstreamRequestID, ownRequestID: ownRequestID, to: &text)
      unsafe putTrail(exchange, to: &text)
      unsafe putTiming(exchange, to: &text)
      unsafe putEnd(keepAlive: keepAlive, isHTTP10: isHTTP10, to: &text)
    }
    return buffer
  }

  /// A whole reply: head and error body.
  static func refusal(
    _ refusal: Refusal, exchange: Exchange, isHead: Bool, keepAlive: Bool, isHTTP10: Bool,
    allocator: ByteBufferAllocator
  ) -> ByteBuffer {
    let body = ErrorBody.json(
      endpoint: exchange.endpoint, status: refusal.status, code: refusal.code.rawValue,
      message: refusal.message(requestID: exchange.requestID), param: refusal.param)
    var buffer = allocator.buffer(capacity: body.count + 512)
    unsafe buffer.writeHead { text in
      unsafe putStatus(refusal.status, to: &text)
      unsafe text.put("content-type: application/json\r\n")
      unsafe text.putField("content-length: ", String(body.count))
      if let seconds = refusal.retryAfterSeconds {
        unsafe text.putField("retry-after: ", String(seconds))
      }
      for field in refusal.fields { unsafe text.putField(named: field.name, field.value) }
      unsafe text.putField("x-request-id: ", exchange.requestID)
      // Anthropic's name for it, the only one that its clients read.
      if exchange.endpoint.usesAnthropicErrors { unsafe text.putField("request-id: ", exchange.requestID) }
      unsafe putTrail(exchange, to: &text)
      unsafe putEnd(keepAlive: keepAlive, isHTTP10: isHTTP10, to: &text)
    }
    if !isHead { buffer.writeBytes(body) }
    return buffer
  }

  private static func putStatus(_ status: Int, to text: inout HeadText) {
    if status == 200 {
      unsafe text.put("HTTP/1.1 200 OK\r\n")
    } else {
      unsafe text.put(text: "HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n")
    }
  }

  private static func putFraming(
    _ framing: ReplyFraming, status: Int, contentLength: Int?, to text: inout HeadText
  ) {
    switch framing {
    case .chunked: unsafe text.put("transfer-encoding: chunked\r\n")
    case .untilClose: break
    case .sized, .none:
      // RFC 9110, section 8.6: none with 204; with HEAD and 304 it tells the size that a GET would have.
      guard let contentLength, status != 204 else { return }
      unsafe text.put("content-length: ")
      unsafe text.put(contentLength)
      unsafe text.put("\r\n")
    }
  }

  /// The client's id comes back to it; else the upstream's own passes, and weir's stands beside it.
  private static func putRequestID(
    _ exchange: Exchange, upstream: String?, ownRequestID: Bool, to text: inout HeadText
  ) {
    guard let upstream, upstream != exchange.requestID else {
      unsafe text.putField("x-request-id: ", exchange.requestID)
      return
    }
    unsafe text.putField("x-request-id: ", ownRequestID ? upstream : exchange.requestID)
    if ownRequestID {
      unsafe text.putField("x-weir-request-id: ", exchange.requestID)
    } else {
      unsafe text.putField("x-weir-upstream-request-id: ", upstream)
    }
  }

  private static func putTrail(_ exchange: Exchange, to text: inout HeadText) {
    if let model = exchange.sentModel ?? exchange.model?.upstreamID {
      unsafe text.putField("x-weir-model: ", HeaderText.safe(model))
    }
    if let assignment = exchange.assignment {
      unsafe text.putField("x-weir-rollout: ", HeaderText.safe(assignment.headerValue))
    }
    if let from = exchange.fallbackFrom {
      unsafe text.putField("x-weir-fallback: ", HeaderText.safe(from))
    }
    guard let upstream = exchange.upstream else {
      // No upstream answers for it: it followed a request that got no reply, say.
      if exchange.cacheResult != .bypass { unsafe text.putField("x-weir-cache: ", exchange.cacheResult.rawValue) }
      return
    }
    unsafe text.putField("x-weir-upstream: ", upstream)
    unsafe text.put("x-weir-attempts: ")
    unsafe text.put(exchange.attempts)
    unsafe text.put("\r\n")
    if exchange.endpoint.readsBody {
      unsafe text.putField("x-weir-cache: ", exchange.cacheResult.rawValue)
    }
    let edits = exchange.allEdits
    if let first = edits.first {
      unsafe text.putField("x-weir-edits: ", edits.count == 1 ? first : edits.joined(separator: ","))
    }
    let warnings = exchange.allWarnings
    if !warnings.isEmpty {
      unsafe text.putField("x-weir-warnings: ", HeaderText.safe(warnings.joined(separator: "; ")))
    }
    if exchange.isLimited {
      for field in exchange.rateLimits.fields { unsafe text.putField(named: field.name, field.value) }
    }
  }

  /// Server-Timing (W3C), in milliseconds: weir's share before the request left, the upstream's up to its head.
  private static func putTiming(_ exchange: Exchange, to text: inout HeadText) {
    guard let repliedAt = exchange.repliedAt else { return }
    unsafe text.put("server-timing: weir;dur=")
    unsafe text.put(milliseconds: exchange.ownTime)
    if let sentAt = exchange.sentAt {
      unsafe text.put(", upstream;dur=")
      unsafe text.put(milliseconds: repliedAt - sentAt)
    }
    unsafe text.put("\r\n")
  }

  private static func putEnd(keepAlive: Bool, isHTTP10: Bool, to text: inout HeadText) {
    if !keepAlive {
      unsafe text.put("connection: close\r\n")
    } else if isHTTP10 {
      unsafe text.put("connection: keep-alive\r\n")
    }
    unsafe text.put("\r\n")
  }
}

/// Text from a body on its way into a header.
enum HeaderText {
  /// Printable ASCII as it is, anything else as `?`: a model name must not be able to end a header line.
  static func safe(_ text: String) -> String {
    var text = text
    // Without a way out of the loop the compiler makes vectors of it.
    let strange = text.withUTF8 { bytes in
      unsafe bytes.reduce(into: 0 as UInt8) { $0 |= $1 >= 0x20 && $1 < 0x7F ? 0 : 1 }
    }
    guard strange != 0 else { return text }
    return String(decoding: text.utf8.map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
