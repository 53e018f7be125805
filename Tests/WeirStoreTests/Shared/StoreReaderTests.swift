import Testing

@testable import WeirStore

@Suite("What the store answers")
struct StoreReaderTests {
  private func read(_ bytes: [UInt8], in pieces: Int = .max) throws -> [StoreReply] {
    let reader = StoreReader()
    var replies: [StoreReply] = []
    var rest = bytes[...]
    repeat {
      let piece = Array(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      unsafe piece.withUnsafeBytes { unsafe reader.feed($0) }
      while let reply = try reader.next() { replies.append(reply) }
    } while !rest.isEmpty
    return replies
  }

  private func read(_ text: String, in pieces: Int = .max) throws -> [StoreReply] {
    try read(Array(text.utf8), in: pieces)
  }

  @Test("is read whole or byte by byte alike", arguments: [1, 2, 3, 7, 1000])
  func kinds(_ pieces: Int) throws {
    let text = "+OK\r\n:42\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*3\r\n:-1\r\n*1\r\n$0\r\n\r\n-ERR no\r\n-WRONGTYPE x\r\n"
    #expect(
      try read(text, in: pieces) == [
        .status("OK"), .integer(42), .bytes(Array("a\r\n".utf8)), .null, .null,
        .array([.integer(-1), .array([.bytes([])]), .error("ERR no")]), .error("WRONGTYPE x"),
      ])
  }

  @Test("waits for the rest of what was cut")
  func cut() throws {
    let whole = Array("*2\r\n$5\r\nhello\r\n:1\r\n".utf8)
    for count in 0..<whole.count { #expect(try read(Array(whole.prefix(count))).isEmpty) }
    #expect(try read(whole).count == 1)
  }

  @Test(
    "that is none ends the connection",
    arguments: [
      "HTTP/1.1 400 Bad Request\r\n", "\u{0}\u{1}", "$x\r\n", "$-2\r\n", ":1x\r\n", "*1\r\n?\r\n",
      String(repeating: "*1\r\n", count: 20), "*99999999999\r\n",
    ])
  func garbage(_ text: String) {
    #expect(throws: StoreFailure.broken) { try read(text) }
  }

  @Test(
    "that is too large ends the connection before it fills the memory", arguments: ["*200000\r\n", "*2147483647\r\n"])
  func arrays(_ text: String) {
    #expect(throws: StoreFailure.tooLarge) { try read(text) }
  }

  @Test("is bounded in values, also where no array of it is large", arguments: ["*0\r\n", "$0\r\n\r\n", ":1\r\n"])
  func nested(_ value: String) throws {
    let inner = "*1000\r\n" + String(repeating: value, count: 1000)
    #expect(try read("*10\r\n" + String(repeating: inner, count: 10)).count == 1)
    let many = "*20\r\n" + String(repeating: inner, count: 20)
    #expect(throws: StoreFailure.tooLarge) { try read(many) }
    let replies = try read(String(repeating: inner, count: 40))
    #expect(replies.count == 40, "each reply counts for itself")
  }

  @Test("is bounded in bytes, as one value or as many")
  func bytes() {
    let large = Array("$104857600\r\n".utf8) + [UInt8](repeating: 120, count: 17 << 20)
    #expect(throws: StoreFailure.tooLarge) { try read(large, in: 65_536) }
    let element = Array("$100000\r\n".utf8) + [UInt8](repeating: 120, count: 100_000) + [13, 10]
    let many = Array("*1000\r\n".utf8) + (0..<200).flatMap { _ in element }
    #expect(throws: StoreFailure.tooLarge) { try read(many, in: 65_536) }
  }

  @Test("stays refused, whatever follows")
  func sticky() {
    let reader = StoreReader()
    unsafe Array("?\r\n".utf8).withUnsafeBytes { unsafe reader.feed($0) }
    #expect(throws: StoreFailure.broken) { try reader.next() }
    unsafe Array("+OK\r\n".utf8).withUnsafeBytes { unsafe reader.feed($0) }
    #expect(throws: StoreFailure.broken) { try reader.next() }
  }

  @Test("never ends the process, whatever it is")
  func anything() {
    var generator = SeededBytes(seed: 42)
    let alphabet = Array("+-:$*0123456789\r\n xERR".utf8)
    for _ in 0..<3000 {
      let bytes = (0..<Int(generator.next() % 80)).map { _ in
        generator.next() % 10 == 0
          ? UInt8(truncatingIfNeeded: generator.next()) : alphabet[Int(generator.next()) % alphabet.count]
      }
      _ = try? read(bytes, in: 1 + Int(generator.next() % 9))
    }
  }
}

/// The same bytes each run.
private struct SeededBytes {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 33)
  }
}
