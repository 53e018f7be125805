import NIOCore
import Testing

@testable import WeirProxy

@Suite("A chunk of a reply")
struct ReplyFramingTests {
  /// A chunk around a body, as the relay makes it.
  private func chunk(_ body: [UInt8]) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: body.count)
    buffer.moveWriterIndex(to: 0)
    buffer.writeRepeatingByte(0, count: ReplyFraming.chunkHeadRoom)
    buffer.moveReaderIndex(to: ReplyFraming.chunkHeadRoom)
    buffer.writeBytes(body)
    ReplyFraming.closeChunk(&buffer, bodyBytes: body.count)
    return buffer
  }

  /// The body of a sequence of chunks (RFC 9112, section 7.1); nil when it is not one.
  private func decode(_ buffer: ByteBuffer) -> [UInt8]? {
    var bytes = Array(buffer.readableBytesView)[...]
    var body: [UInt8] = []
    while true {
      guard let end = bytes.firstIndex(of: 0x0D), bytes.dropFirst(end - bytes.startIndex).starts(with: [0x0D, 0x0A]),
        let size = Int(String(decoding: bytes[..<end], as: UTF8.self), radix: 16)
      else { return nil }
      bytes = bytes[(end + 2)...]
      guard bytes.count >= size + 2, bytes.dropFirst(size).starts(with: [0x0D, 0x0A]) else { return nil }
      if size == 0 { return bytes.count == 2 ? body : nil }
      body += bytes.prefix(size)
      bytes = bytes.dropFirst(size + 2)
    }
  }

  @Test(
    "is read back as its body", arguments: [1, 2, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65_535, 65_536, 1_048_576])
  func readBack(count: Int) {
    let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var buffer = chunk(body)
    buffer.writeStaticString(ReplyFraming.lastChunk)
    #expect(decode(buffer) == body)
  }

  @Test("begins with its size in hexadecimal, without leading zeroes")
  func size() {
    #expect(String(buffer: chunk(Array("hello".utf8))) == "5\r\nhello\r\n")
    #expect(String(buffer: chunk([UInt8](repeating: 0x61, count: 26))).hasPrefix("1a\r\naaa"))
  }

  @Test("follows another without a gap")
  func sequence() {
    var buffer = chunk(Array("one\r\n".utf8))
    for text in ["0\r\n\r\n", "two"] { buffer.writeImmutableBuffer(chunk(Array(text.utf8))) }
    buffer.writeStaticString(ReplyFraming.lastChunk)
    #expect(decode(buffer) == Array("one\r\n0\r\n\r\ntwo".utf8))
  }

  @Test("has room for the largest size there is")
  func room() {
    #expect(String(Int.max, radix: 16).count + 2 <= ReplyFraming.chunkHeadRoom)
  }
}
