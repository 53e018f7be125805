import NIOCore
import Testing

@testable import WeirUpstream

@Suite("A reply of HTTP/1.1 read off its connection")
struct ReplyReaderTests {
  /// What a reader makes of bytes.
  private struct Reading: Equatable {
    var status: Int?
    var fields = ""
    var body = ""
    var isWhole = false
    var refusal: String?
    var keepsConnection = false
    var endsWithConnection = false
    /// Bytes behind the reply.
    var excess = 0
  }

  private func read(_ parts: [[UInt8]], isHead: Bool = false) -> Reading {
    var reader = ReplyReader(isHead: isHead, allocator: ByteBufferAllocator())
    var reading = Reading()
    for part in parts where !reading.isWhole && reading.refusal == nil {
      unsafe part.withUnsafeBytes { bytes in
        var rest = unsafe bytes
        while take(unsafe reader.next(&rest), of: &reader, into: &reading) {}
        reading.excess = rest.count
      }
    }
    reading.keepsConnection = reader.keepsConnection
    reading.endsWithConnection = reader.endsWithConnection
    return reading
  }

  private func take(_ step: ReplyReader.Step, of reader: inout ReplyReader, into reading: inout Reading) -> Bool {
    switch step {
    case .more: return false
    case .head:
      let head = reader.takeHead()
      reading.status = head.status
      reading.fields = String(buffer: head.fields)
      return true
    case .body(let bytes):
      unsafe reading.body += String(decoding: bytes, as: UTF8.self)
      return true
    case .end:
      reading.isWhole = true
      return false
    case .refuse(let reason):
      reading.refusal = reason
      return false
    }
  }

  private func read(_ text: String, isHead: Bool = false) -> Reading { read([Array(text.utf8)], isHead: isHead) }

  private static let replies = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Y: z\r\n\r\nhello",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "HTTP/1.1 200 OK\r\nA: b\r\n  c\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200\r\nContent-Length: 3, 3\r\nContent-Length: 3\r\n\r\nabc",
  ]

  @Test("is the same however its bytes are cut", arguments: replies)
  func cuts(text: String) {
    let bytes = Array(text.utf8)
    let whole = read([bytes])
    #expect(whole.isWhole)
    #expect(whole.refusal == nil)
    for cut in 1..<bytes.count {
      #expect(read([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
    }
    #expect(read(bytes.map { [$0] }) == whole)
  }

  @Test("has its status, lines and body, without what frames them")
  func parts() {
    let chunked = read(Self.replies[2])
    #expect(chunked.status == 200)
    #expect(chunked.body == "abc0123456789")
    #expect(chunked.fields == "Transfer-Encoding: chunked\r\n")
    #expect(read(Self.replies[1]).fields == "Content-Length: 2\r\n")
    #expect(read(Self.replies[6]).fields == "A: b c\r\nContent-Length: 0\r\n")
  }

  @Test(
    "says whether another request may follow",
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
      ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n", false),
      ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false),
      ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nconnection: Keep-Alive\r\n\r\n", true),
      ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false),
      ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false),
    ])
  func reuse(text: String, keeps: Bool) {
    let reading = read(text)
    #expect(reading.isWhole)
    #expect(reading.keepsConnection == keeps)
  }

  @Test("ends with its connection where nothing else says so")
  func untilClose() {
    let reading = read("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nand on")
    #expect(reading.body == "and on")
    #expect(!reading.isWhole)
    #expect(reading.endsWithConnection)
    #expect(!reading.keepsConnection)
    #expect(!read("HTTP/1.1 200 OK\r\nConnection: clo").endsWithConnection)
  }

  @Test("to HEAD has no body, whatever its head says")
  func head() {
    for line in ["Content-Length: 100", "Transfer-Encoding: chunked", "X: y"] {
      let reading = read("HTTP/1.1 200 OK\r\n\(line)\r\n\r\n", isHead: true)
      #expect(reading.isWhole)
      #expect(reading.keepsConnection)
    }
  }

  @Test("leaves what comes behind it")
  func excess() {
    #expect(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1").excess == 8)
  }

  @Test(
    "is refused where it is not HTTP or its end cannot be trusted",
    arguments: [
      "\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n",
      "HTTP/1.1 200OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
      "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\u{0}c\r\n\r\n",
    ])
  func refused(text: String) {
    let reading = read(text)
    #expect(reading.refusal != nil)
    #expect(reading.status == nil)
  }

  @Test(
    "is refused where its chunks are none",
    arguments: [
      "\r\n", "x\r\n", "-1\r\n", "ffffffffffffffff\r\n", "000000000000000000000000000000000\r\n", "1\nx", "1\r\nxy",
      "2\r\nxyz",
      "1;\n", "1;a\u{0}\r\n", "1\rx", "0x1\r\n",
    ])
  func badChunks(chunks: String) {
    let reading = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    #expect(reading.status == 200)
    #expect(reading.refusal != nil)
  }

  @Test("is bounded in its head, its trailers, and a line that never ends")
  func bounds() {
    let long = String(repeating: "x", count: 300_000)
    #expect(read("HTTP/1.1 200 OK\r\nA: " + long).refusal != nil)
    let lines = String(repeating: "A: " + String(repeating: "x", count: 1000) + "\r\n", count: 300)
    #expect(read("HTTP/1.1 200 OK\r\n" + lines).refusal != nil)
    #expect(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + lines).refusal != nil)
    #expect(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + long).refusal != nil)
    #expect(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n").refusal != nil)
  }
}
