import NIOCore
import Testing
import WeirWire

@testable import WeirPolicy
@testable import WeirProxy

@Suite("A request's body on its way in")
struct RequestBodyIntakeTests {
  private let allocator = ByteBufferAllocator()

  private func append(_ text: String, to intake: inout RequestBodyIntake, _ allowance: Allowance) throws {
    var part = ByteBuffer(string: text)
    try intake.append(&part, allowance: allowance)
  }

  private func announced(_ count: Int, limit: Int, _ allowance: Allowance) throws -> RequestBodyIntake {
    var intake = RequestBodyIntake(limit: limit)
    try intake.announce(count, allowance: allowance, allocator: allocator)
    return intake
  }

  @Test("is collected whole, part by part")
  func collected() throws {
    let allowance = Allowance(bound: 1_000_000)
    var intake = try announced(11, limit: 100, allowance)
    #expect(allowance.inUse == 11)
    for part in ["hello", "", " ", "world"] { try append(part, to: &intake, allowance) }
    #expect(String(buffer: intake.body) == "hello world")
    #expect(allowance.inUse == 11)
    intake.giveBack(to: allowance)
    #expect(allowance.inUse == 0)
    #expect(intake.body.readableBytes == 0)
  }

  @Test("is read to its place, over its first part, and counted when it comes by", arguments: [100, 70_000, 3_000_000])
  func readToItsPlace(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    let allowance = Allowance(bound: 10_000_000)
    var intake = try announced(count, limit: 10_000_000, allowance)
    var part = ByteBuffer(bytes: bytes[..<30])
    try intake.append(&part, allowance: allowance)
    // What the socket has at one time: less and less.
    var available = count / 2
    while intake.body.readableBytes < count {
      let start = intake.body.readableBytes
      let end = min(start + available, count)
      var sent = start
      let read = unsafe intake.read(count - start) { room in
        let taken = min(room.count, end - sent)
        unsafe room.copyBytes(from: bytes[sent..<sent + taken])
        sent += taken
        return taken
      }
      var piece = try #require(read)
      #expect(piece.readableBytesView.elementsEqual(bytes[start..<intake.body.readableBytes]))
      try intake.append(&piece, allowance: allowance)
      available = max(available / 2, 1000)
    }
    #expect(intake.body.readableBytesView.elementsEqual(bytes))
    #expect(allowance.inUse == count)
  }

  @Test("is read no further than it goes, and not at all where the socket has nothing or has failed")
  func readNoFurther() throws {
    let allowance = Allowance(bound: 1_000_000)
    var intake = try announced(20, limit: 100, allowance)
    try append("0123456789", to: &intake, allowance)
    for nothing in [0, -1] { #expect(unsafe intake.read(10) { _ in nothing } == nil) }
    #expect(String(buffer: intake.body) == "0123456789")
    var asked: [Int] = []
    let read = unsafe intake.read(10) { room in
      asked.append(room.count)
      unsafe room.copyBytes(from: Array("abcdefghij".utf8))
      return room.count
    }
    #expect(asked == [10])
    #expect(read.map { String(buffer: $0) } == "abcdefghij")
    #expect(String(buffer: intake.body) == "0123456789abcdefghij")
  }

  @Test("may be exactly as large as its bound, announced or not")
  func atTheBound() throws {
    let allowance = Allowance(bound: 1_000_000)
    var sized = try announced(10, limit: 10, allowance)
    try append("0123456789", to: &sized, allowance)
    var chunked = RequestBodyIntake(limit: 10)
    try append("01234", to: &chunked, allowance)
    try append("56789", to: &chunked, allowance)
    #expect(sized.body == chunked.body)
  }

  @Test("is refused beyond its bound: at once where it is announced, with the first byte too many where not")
  func beyondTheBound() throws {
    let allowance = Allowance(bound: 1_000_000)
    let early = try #require(
      refusal { () throws(Refusal) in
        var intake = RequestBodyIntake(limit: 10)
        try intake.announce(11, allowance: allowance, allocator: allocator)
      })
    #expect(early.code == .bodyTooLarge)
    #expect(early.status == 413)
    #expect(early.what.contains("10 bytes"))
    #expect(allowance.inUse == 0)
    var intake = RequestBodyIntake(limit: 10)
    try append("0123456789", to: &intake, allowance)
    var part = ByteBuffer(string: "!")
    let late = refusal { () throws(Refusal) in try intake.append(&part, allowance: allowance) }
    #expect(late?.code == .bodyTooLarge)
    #expect(intake.body.readableBytes == 10)
    intake.giveBack(to: allowance)
    #expect(allowance.inUse == 0)
  }

  @Test("is refused where the process holds as many bytes as it may, and takes nothing then")
  func beyondTheAllowance() throws {
    let allowance = Allowance(bound: 100)
    var first = try announced(60, limit: 1000, allowance)
    let second = try #require(
      refusal { () throws(Refusal) in
        var intake = RequestBodyIntake(limit: 1000)
        try intake.announce(41, allowance: allowance, allocator: allocator)
      })
    #expect(second.code == .overloaded)
    #expect(second.retryAfterSeconds == 1)
    #expect(allowance.inUse == 60)
    first.giveBack(to: allowance)
    _ = try announced(41, limit: 1000, allowance)
    #expect(allowance.inUse == 41)
  }

  @Test(
    "gives back exactly what it took, however it came and however often it is asked", arguments: [1, 7, 1000, 70_000])
  func exact(partBytes: Int) throws {
    let allowance = Allowance(bound: 100_000_000)
    allowance.count(5)
    var intake = RequestBodyIntake(limit: 10_000_000)
    for _ in 0..<20 {
      try append(String(repeating: "x", count: partBytes), to: &intake, allowance)
      #expect(allowance.inUse >= 5 + intake.body.readableBytes)
    }
    #expect(intake.body.readableBytes == 20 * partBytes)
    intake.giveBack(to: allowance)
    #expect(allowance.inUse == 5)
    intake.giveBack(to: allowance)
    #expect(allowance.inUse == 5)
  }

  @Test("is inflated, and what it grew by is taken from the allowance", arguments: [1, 64])
  func inflated(repetitions: Int) throws {
    let text = String(repeating: "{\"model\":\"kimi-k2\"} ", count: repetitions)
    let gzip = try #require(Gzip.compress(Array(text.utf8), level: 6))
    let allowance = Allowance(bound: 1_000_000)
    var intake = try announced(gzip.count, limit: 10_000, allowance)
    var part = ByteBuffer(bytes: gzip)
    try intake.append(&part, allowance: allowance)
    try intake.inflate(.gzip, allowance: allowance, allocator: allocator)
    #expect(String(buffer: intake.body) == text)
    #expect(allowance.inUse == max(gzip.count, text.utf8.count))
    intake.giveBack(to: allowance)
    #expect(allowance.inUse == 0)
  }

  @Test("that inflates beyond its bound is refused before it fills the memory")
  func bomb() throws {
    let zeroes = [UInt8](repeating: 0, count: 4_000_000)
    let gzip = try #require(Gzip.compress(zeroes, level: 9))
    #expect(gzip.count < 10_000)
    let allowance = Allowance(bound: 100_000_000)
    var intake = try announced(gzip.count, limit: 100_000, allowance)
    var part = ByteBuffer(bytes: gzip)
    try intake.append(&part, allowance: allowance)
    let refused = refusal { () throws(Refusal) in
      try intake.inflate(.gzip, allowance: allowance, allocator: allocator)
    }
    #expect(refused?.code == .bodyTooLarge)
    intake.giveBack(to: allowance)
    #expect(allowance.inUse == 0)
  }

  @Test("that inflates beyond what the process may hold is refused, and gives back all the same")
  func inflatedBeyondTheAllowance() throws {
    let gzip = try #require(Gzip.compress([UInt8](repeating: 7, count: 50_000), level: 9))
    let allowance = Allowance(bound: 20_000)
    var intake = try announced(gzip.count, limit: 100_000, allowance)
    var part = ByteBuffer(bytes: gzip)
    try intake.append(&part, allowance: allowance)
    let refused = refusal { () throws(Refusal) in
      try intake.inflate(.gzip, allowance: allowance, allocator: allocator)
    }
    #expect(refused?.code == .overloaded)
    #expect(allowance.inUse == gzip.count)
    intake.giveBack(to: allowance)
    #expect(allowance.inUse == 0)
  }

  @Test("that is not what its Content-Encoding says is refused", arguments: ["not gzip at all", "\u{1F}", ""])
  func notGzip(text: String) throws {
    let allowance = Allowance(bound: 1_000_000)
    var intake = RequestBodyIntake(limit: 1000)
    try append(text, to: &intake, allowance)
    let refused = refusal { () throws(Refusal) in
      try intake.inflate(.gzip, allowance: allowance, allocator: allocator)
    }
    #expect(refused?.code == .unsupportedEncoding)
    #expect(refused?.status == 400)
  }

  @Test("that is cut short in its coding is refused")
  func cut() throws {
    let gzip = try #require(Gzip.compress(Array("some text of some length".utf8), level: 6))
    let allowance = Allowance(bound: 1_000_000)
    for count in 1..<gzip.count {
      var intake = RequestBodyIntake(limit: 1000)
      var part = ByteBuffer(bytes: gzip[..<count])
      try intake.append(&part, allowance: allowance)
      let refused = refusal { () throws(Refusal) in
        try intake.inflate(.gzip, allowance: allowance, allocator: allocator)
      }
      #expect(refused?.code == .unsupportedEncoding, "\(count) of \(gzip.count) bytes")
      intake.giveBack(to: allowance)
    }
    #expect(allowance.inUse == 0)
  }
}
