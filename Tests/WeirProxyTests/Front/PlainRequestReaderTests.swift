import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import WeirProxy

/// What the reader takes it takes as NIO's decoder does, and what it does not take it leaves whole.
struct PlainRequestReaderTests {
  private static let chat = "POST /v1/chat/completions HTTP/1.1\r\nHost: weir\r\nContent-Length: 4\r\n\r\nbody"

  /// What is read of bytes that come in pieces: parts as text, and what is left for the decoder.
  private func read(_ pieces: [String], maximumHeaderBytes: Int = 8192) -> (parts: [String], rest: String?) {
    var reader = PlainRequestReader(maximumHeaderBytes: maximumHeaderBytes)
    var parts: [String] = []
    var rest = ByteBuffer()
    for piece in pieces {
      var bytes = ByteBuffer(string: piece)
      while let part = reader.next(&bytes) { parts.append(text(part)) }
      if reader.isOver { rest.writeBuffer(&bytes) }
    }
    return (parts, reader.isOver ? String(buffer: rest) : nil)
  }

  private func text(_ part: RequestPart) -> String {
    switch part {
    case .head(let head):
      var text = "\(head.method) \(head.target) \(head.isHTTP10) \(head.isKeptAlive)"
      head.forEachField { text += " \($0.nameText)=\($0.valueText)" }
      return text
    case .body(let bytes): return "body " + String(buffer: bytes)
    case .end: return "end"
    }
  }

  /// The parts that the decoder makes of the bytes, bodies joined, and whether it refused them.
  private func decoded(_ bytes: String) throws -> (parts: [String], isRefused: Bool) {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
    let isRefused = (try? channel.writeInbound(ByteBuffer(string: bytes))) == nil
    var parts: [String] = []
    while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
      switch part {
      case .head(let head): parts.append(text(.head(ClientHead(head))))
      case .body(let bytes): parts.append(text(.body(bytes)))
      case .end: parts.append("end")
      }
    }
    return (parts, isRefused)
  }

  @Test(arguments: [
    chat, "GET /v1/models HTTP/1.1\r\nHost: weir\r\n\r\n", "GET /?a=b&c=%20\"<>{}|^` HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost:a\r\nX-Odd_1:   a\tb : c ~!\r\ncontent-LENGTH: 000000000000000001\r\nConnection: Keep-Alive\r\n\r\nx",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", chat + chat + "GET /2 HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
  ])
  func readsWhatTheDecoderReads(_ bytes: String) throws {
    let (parts, rest) = read([bytes])
    let expected = try decoded(bytes)
    #expect(parts == expected.parts)
    #expect(!parts.isEmpty && rest == nil && !expected.isRefused)
  }

  @Test func readsHeadsHoweverTheyAreCut() {
    let bytes = Array(Self.chat)
    for cut in 1..<bytes.count {
      let (parts, rest) = read([String(bytes[..<cut]), String(bytes[cut...])])
      #expect(parts.filter { !$0.hasPrefix("body ") } == read([Self.chat]).parts.filter { !$0.hasPrefix("body ") })
      #expect(parts.filter { $0.hasPrefix("body ") }.map { $0.dropFirst(5) }.joined() == "body")
      #expect(rest == nil)
    }
  }

  @Test(arguments: [
    "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n", "\r\nGET / HTTP/1.1\r\n\r\n", "GET /# HTTP/1.1\r\n\r\n",
    "GET /  HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", "GET /\u{7F} HTTP/1.1\r\n\r\n", "GET /é HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nA: 1\r\n b\r\n\r\n", "GET / HTTP/1.1\r\nA : 1\r\n\r\n", "GET / HTTP/1.1\r\n: 1\r\n\r\n",
    "GET / HTTP/1.1\r\nA\r\n\r\n", "GET / HTTP/1.1\r\nA: \r\n\r\n", "GET / HTTP/1.1\r\nA: b \r\n\r\n",
    "GET / HTTP/1.1\r\nA: é\r\n\r\n", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "GET / HTTP/1.1\r\nA: \0\r\n\r\n",
    "GET / HTTP/1.1\r\nÄ: b\r\n\r\n", "GET / HTTP/1.1\r\nA!: b\r\n\r\n", "GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\nTE: trailers\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "GET / HTTP/1.1\r\nConnection: a\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\na",
    "POST / HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\na", "PRI * HTTP/2.0\r\n\r\n", "\u{16}\u{3}\u{1}",
    "GET / HTTP/1.1\r\nProxy-Connection: close\r\n\r\n",
    "GET / HTTP/1.1\r\n" + (0...100).map { "X-\($0): 1\r\n" }.joined() + "\r\n",
    "GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 8192) + "\r\n\r\n",
    "GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 8192),
  ])
  func leavesAllElseWholeToTheDecoder(_ bytes: String) {
    let alone = read([bytes])
    #expect(alone.parts.isEmpty && alone.rest == bytes)
    let behind = read([Self.chat + bytes, "more"])
    #expect(behind.parts == read([Self.chat]).parts && behind.rest == bytes + "more")
  }

  @Test func leavesAHeadThatTricklesToTheDecoder() {
    let (parts, rest) = read(Self.chat.map(String.init))
    #expect(parts.isEmpty && rest == Self.chat)
  }

  @Test func saysAtOnceThatBytesAreNoRequest() {
    var reader = PlainRequestReader(maximumHeaderBytes: 8192)
    var bytes = ByteBuffer(string: "GE\u{1}")
    #expect(reader.next(&bytes) == nil)
    #expect(reader.isOver && bytes.readableBytes == 3)
  }
}
