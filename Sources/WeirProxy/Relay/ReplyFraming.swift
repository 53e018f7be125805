import NIOCore

/// How the end of a reply's body is marked towards the client (RFC 9112, section 6).
enum ReplyFraming: Equatable {
  /// There is no body, whatever the head says: HEAD, 204, 304.
  case none
  /// `Content-Length`.
  case sized
  /// Chunked transfer coding.
  case chunked
  /// The connection's end, for HTTP/1.0 clients.
  case untilClose

  /// Room in front of a chunk for its size line: sixteen digits and CRLF.
  static let chunkHeadRoom = 18

  /// A buffer for a body of about this size, behind that room.
  static func bodyBuffer(_ count: Int, allocator: ByteBufferAllocator) -> ByteBuffer {
    var buffer = allocator.buffer(capacity: count + chunkHeadRoom + 8)
    buffer.moveWriterIndex(to: chunkHeadRoom)
    buffer.moveReaderIndex(to: chunkHeadRoom)
    return buffer
  }

  /// Writes the size line right in front of the body that begins at `chunkHeadRoom`, and the line end behind it.
  static func closeChunk(_ buffer: inout ByteBuffer, bodyBytes: Int) {
    let bodyStart = buffer.writerIndex - bodyBytes
    var digits: [UInt8] = []
    digits.reserveCapacity(chunkHeadRoom)
    var rest = bodyBytes
    repeat {
      let digit = UInt8(truncatingIfNeeded: rest & 0xF)
      digits.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      rest >>= 4
    } while rest > 0
    digits.reverse()
    digits.append(0x0D)
    digits.append(0x0A)
    let headStart = bodyStart - digits.count
    buffer.setBytes(digits, at: headStart)
    buffer.moveReaderIndex(to: headStart)
    buffer.writeInteger(UInt16(0x0D0A))
  }

  /// The chunk that ends a body.
  static let lastChunk: StaticString = "0\r\n\r\n"
}
