import NIOCore
import NIOHTTP1
import WeirPolicy
import WeirWire

/// Writes the heads of replies as bytes: the upstream's fields, weir's own, and the framing.
enum ReplyHeadWriter {
  static func relayed(
    _ head: ReplyHead, status: Int, framing: ReplyFraming, keepAlive: Bool, exchange: Exchange, ownRequestID: Bool,
    isHTTP10: Bool, allocator: ByteBufferAllocator
  ) -> ByteBuffer {
    var buffer = allocator.buffer(capacity: head.lines.readableBytes + 640)
    writeStatus(status, to: &buffer)
    // Where weir limits, its own figures are the ones that hold.
    buffer.writeImmutableBuffer(exchange.isLimited ? head.linesWithoutRateLimits : head.lines)
    writeFraming(framing, status: status, contentLength: head.contentLength, to: &buffer)
    writeRequestID(exchange, upstream: head.requestID, ownRequestID: ownRequestID, to: &buffer)
    writeTrail(exchange, to: &buffer)
    writeTiming(exchange, to: &buffer)
    writeConnection(keepAlive: keepAlive, isHTTP10: isHTTP10, to: &buffer)
    buffer.writeStaticString("\r\n")
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
    writeStatus(status, to: &buffer)
    buffer.writeBytes(lines)
    writeFraming(framing, status: status, contentLength: bodyBytes, to: &buffer)
    for field in fields { writeField(field.name, field.value, to: &buffer) }
    writeRequestID(exchange, upstream: upstreamRequestID, ownRequestID: ownRequestID, to: &buffer)
    writeTrail(exchange, to: &buffer)
    writeTiming(exchange, to: &buffer)
    writeConnection(keepAlive: keepAlive, isHTTP10: isHTTP10, to: &buffer)
    buffer.writeStaticString("\r\n")
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
    writeStatus(refusal.status, to: &buffer)
    buffer.writeStaticString("content-type: application/json\r\ncontent-length: ")
    buffer.writeString(String(body.count))
    buffer.writeStaticString("\r\n")
    if let seconds = refusal.retryAfterSeconds { writeField("retry-after", String(seconds), to: &buffer) }
    for field in refusal.fields { writeField(field.name, field.value, to: &buffer) }
    writeField("x-request-id", exchange.requestID, to: &buffer)
    writeTrail(exchange, to: &buffer)
    writeConnection(keepAlive: keepAlive, isHTTP10: isHTTP10, to: &buffer)
    buffer.writeStaticString("\r\n")
    if !isHead { buffer.writeBytes(body) }
    return buffer
  }

  private static func writeStatus(_ status: Int, to buffer: inout ByteBuffer) {
    if status == 200 {
      buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
    } else {
      buffer.writeString("HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n")
    }
  }

  private static func writeFraming(
    _ framing: ReplyFraming, status: Int, contentLength: Int?, to buffer: inout ByteBuffer
  ) {
    switch framing {
    case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
    case .untilClose: break
    case .sized, .none:
      // RFC 9110, section 8.6: none with 204; with HEAD and 304 it tells the size that a GET would have.
      guard let contentLength, status != 204 else { return }
      buffer.writeStaticString("content-length: ")
      buffer.writeString(String(contentLength))
      buffer.writeStaticString("\r\n")
    }
  }

  /// The client's id comes back to it; else the upstream's own passes, and weir's stands beside it.
  private static func writeRequestID(
    _ exchange: Exchange, upstream: String?, ownRequestID: Bool, to buffer: inout ByteBuffer
  ) {
    guard let upstream, upstream != exchange.requestID else {
      writeField("x-request-id", exchange.requestID, to: &buffer)
      return
    }
    writeField("x-request-id", ownRequestID ? upstream : exchange.requestID, to: &buffer)
    if ownRequestID {
      writeField("x-weir-request-id", exchange.requestID, to: &buffer)
    } else {
      writeField("x-weir-upstream-request-id", upstream, to: &buffer)
    }
  }

  private static func writeTrail(_ exchange: Exchange, to buffer: inout ByteBuffer) {
    if let model = exchange.sentModel ?? exchange.model?.upstreamID {
      writeField("x-weir-model", HeaderText.safe(model), to: &buffer)
    }
    if let assignment = exchange.assignment {
      writeField("x-weir-rollout", HeaderText.safe(assignment.headerValue), to: &buffer)
    }
    if let from = exchange.fallbackFrom { writeField("x-weir-fallback", HeaderText.safe(from), to: &buffer) }
    guard let upstream = exchange.upstream else { return }
    writeField("x-weir-upstream", upstream, to: &buffer)
    writeField("x-weir-attempts", String(exchange.attempts), to: &buffer)
    if exchange.endpoint.readsBody { writeField("x-weir-cache", exchange.cacheResult.rawValue, to: &buffer) }
    let edits = exchange.allEdits
    if let first = edits.first {
      writeField("x-weir-edits", edits.count == 1 ? first : edits.joined(separator: ","), to: &buffer)
    }
    let warnings = exchange.allWarnings
    if !warnings.isEmpty {
      writeField("x-weir-warnings", HeaderText.safe(warnings.joined(separator: "; ")), to: &buffer)
    }
    if exchange.isLimited {
      for field in exchange.rateLimits.fields { writeField(field.name, field.value, to: &buffer) }
    }
  }

  /// Server-Timing (W3C), in milliseconds: weir's share before the request left, the upstream's up to its head.
  private static func writeTiming(_ exchange: Exchange, to buffer: inout ByteBuffer) {
    guard let repliedAt = exchange.repliedAt else { return }
    var text: [UInt8] = []
    text.reserveCapacity(64)
    text.append(contentsOf: "server-timing: weir;dur=".utf8)
    Digits.append(milliseconds: exchange.ownTime, to: &text)
    if let sentAt = exchange.sentAt {
      text.append(contentsOf: ", upstream;dur=".utf8)
      Digits.append(milliseconds: repliedAt - sentAt, to: &text)
    }
    text.append(contentsOf: "\r\n".utf8)
    buffer.writeBytes(text)
  }

  private static func writeConnection(keepAlive: Bool, isHTTP10: Bool, to buffer: inout ByteBuffer) {
    if !keepAlive {
      buffer.writeStaticString("connection: close\r\n")
    } else if isHTTP10 {
      buffer.writeStaticString("connection: keep-alive\r\n")
    }
  }

  private static func writeField(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
    buffer.writeFieldLine(name, value)
  }
}

extension ByteBuffer {
  /// Writes `name: value` and the line end. In one go: each write of its own looks at the buffer anew.
  fileprivate mutating func writeFieldLine(_ name: String, _ value: String) {
    var (name, value) = (name, value)
    let room = name.utf8.count + value.utf8.count + 4
    unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: room) { room in
      name.withUTF8 { unsafe room.copyMemory(from: UnsafeRawBufferPointer($0)) }
      let colon = name.utf8.count
      unsafe room[colon] = UInt8(ascii: ":")
      unsafe room[colon + 1] = UInt8(ascii: " ")
      let start = colon + 2
      value.withUTF8 { text in
        unsafe UnsafeMutableRawBufferPointer(rebasing: room[start...]).copyMemory(from: UnsafeRawBufferPointer(text))
      }
      let end = start + value.utf8.count
      unsafe room[end] = 0x0D
      unsafe room[end + 1] = 0x0A
      return end + 2
    }
  }
}

/// Text from a body on its way into a header.
enum HeaderText {
  /// Printable ASCII as it is, anything else as `?`: a model name must not be able to end a header line.
  static func safe(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { return text }
    return String(decoding: text.utf8.map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
