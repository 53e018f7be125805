import NIOCore
import Testing

@testable import WeirUpstream

@Suite("A streaming body that waits for the upstream")
struct RequestBodyTests {
  /// Takes at most `room` bytes.
  private func take(_ room: Int, from body: inout PendingBody) -> String {
    var bytes = [UInt8](repeating: 0, count: room)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe body.fill($0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test("leaves in the order in which it came, in pieces of whatever size", arguments: [1, 2, 3, 5, 7, 100])
  func order(room: Int) {
    var body = PendingBody()
    for part in ["a", "bcd", "", "efghij", "k"] { body.append(ByteBuffer(string: part)) }
    var text = ""
    while body.count > 0 {
      let piece = take(room, from: &body)
      #expect(piece.utf8.count == room || body.count == 0)
      text += piece
    }
    #expect(text == "abcdefghijk")
    #expect(take(room, from: &body) == "")
  }

  @Test("leaves part by part, and parts that are too long in pieces", arguments: [1, 2, 3, 5, 7, 100])
  func pieces(length: Int) {
    var body = PendingBody()
    var text = ""
    for part in ["a", "bcd", "", "efghij", "k"] {
      body.append(ByteBuffer(string: part))
      // A part that was taken must not change with what comes after it.
      if let piece = body.next(upTo: length) { text += String(buffer: piece) }
    }
    while let piece = body.next(upTo: length) {
      #expect(piece.readableBytes <= length)
      text += String(buffer: piece)
    }
    #expect(text == "abcdefghijk")
    #expect(body.count == 0)
  }

  @Test("knows how many bytes wait")
  func count() {
    var body = PendingBody()
    #expect(body.count == 0)
    body.append(ByteBuffer(string: "hello"))
    body.append(ByteBuffer())
    #expect(body.count == 5)
    #expect(take(2, from: &body) == "he")
    #expect(body.count == 3)
    body.append(ByteBuffer(string: "!"))
    #expect(body.count == 4)
    #expect(take(10, from: &body) == "llo!")
    #expect(body.count == 0)
  }

  @Test("takes nothing for no room, and is finished when it was told so")
  func bounds() {
    var body = PendingBody()
    body.append(ByteBuffer(string: "x"))
    #expect(unsafe body.fill(UnsafeMutableRawBufferPointer(start: nil, count: 0)) == 0)
    #expect(body.count == 1)
    #expect(!body.isFinished)
    body.finish()
    #expect(body.isFinished)
    #expect(take(1, from: &body) == "x")
  }

  @Test("keeps small parts apart from the large buffers that they were read into, and their order among large ones")
  func gathered() {
    var body = PendingBody()
    var expected = ""
    for number in 0..<3_000 {
      let text = number % 500 == 0 ? String(repeating: "x", count: 20_000) : "\(number),"
      var read = ByteBuffer(string: text)
      read.reserveCapacity(64 * 1024)
      body.append(read)
      expected += text
    }
    #expect(body.heldBytes < 4 * body.count, "\(body.heldBytes) bytes for \(body.count)")
    var text = ""
    while body.count > 0 { text += take(10_000, from: &body) }
    #expect(text == expected)
  }

  @Test("sends the part of a buffer that was not read yet")
  func offset() {
    var part = ByteBuffer(string: "skip me")
    part.moveReaderIndex(forwardBy: 5)
    var body = PendingBody()
    body.append(part)
    #expect(take(10, from: &body) == "me")
  }
}
