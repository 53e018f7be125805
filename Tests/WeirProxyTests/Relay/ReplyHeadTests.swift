import NIOCore
import Testing

@testable import WeirProxy
@testable import WeirUpstream

/// The head of an upstream's reply, from its field lines.
func replyHead(_ lines: [String]) -> ReplyHead {
  let fields = ByteBuffer(string: lines.map { $0 + "\r\n" }.joined())
  return ReplyHead(ResponseHead(status: 200, fields: fields), allocator: ByteBufferAllocator())
}

@Suite("An upstream's reply head")
struct ReplyHeadTests {
  private func relayed(_ lines: [String]) -> String { String(buffer: replyHead(lines).lines) }

  @Test("goes to the client with every field in its place, name and value as they came")
  func passes() {
    #expect(
      relayed(["X-B: 2", "x-a:1", "Content-Type: \t application/json ", "X-B: 3", "X-Empty:", "Set-Cookie: a=b; c"])
        == "X-B: 2\r\nx-a: 1\r\nContent-Type: application/json\r\nX-B: 3\r\nX-Empty: \r\nSet-Cookie: a=b; c\r\n")
    #expect(relayed([]) == "")
  }

  @Test("loses cookies and the server's name where the configuration says so, and notes it")
  func hygiene() {
    let fields = ByteBuffer(string: "A: 1\r\nset-cookie: a=b\r\nSERVER: cloudflare\r\nSet-Cookie: c=d\r\n")
    func head(_ hygiene: ReplyHygiene) -> ReplyHead {
      ReplyHead(ResponseHead(status: 200, fields: fields), hygiene: hygiene, allocator: ByteBufferAllocator())
    }
    let noCookies = head(ReplyHygiene(dropsCookies: true, dropsServer: false))
    #expect(String(buffer: noCookies.lines) == "A: 1\r\nSERVER: cloudflare\r\n")
    #expect(noCookies.lostCookies && !noCookies.lostServer)
    let noServer = head(ReplyHygiene(dropsCookies: false, dropsServer: true))
    #expect(String(buffer: noServer.lines) == "A: 1\r\nset-cookie: a=b\r\nSet-Cookie: c=d\r\n")
    #expect(head(.none).lines == fields)
  }

  @Test("keeps bytes that are not UTF-8")
  func bytes() {
    var fields = ByteBuffer(string: "X-Latin: caf")
    fields.writeBytes([0xE9, 0x0D, 0x0A])
    let lines = ReplyHead(ResponseHead(status: 200, fields: fields), allocator: ByteBufferAllocator()).lines
    #expect(Array(lines.readableBytesView) == Array("X-Latin: caf".utf8) + [0xE9, 0x0D, 0x0A])
  }

  @Test(
    "loses what belongs to the upstream's connection",
    arguments: [
      "Connection: close", "Keep-Alive: timeout=5", "Proxy-Authenticate: Basic", "TE: gzip", "Trailer: X",
      "Transfer-Encoding: chunked", "Upgrade: h2c", "Proxy-Connection: close",
    ])
  func hopByHop(line: String) {
    #expect(relayed(["A: 1", line, line.uppercased(), "B: 2"]) == "A: 1\r\nB: 2\r\n")
  }

  @Test("loses the fields that its Connection names, wherever they stand")
  func nominated() {
    #expect(
      relayed(["X-Before: 1", "Connection: x-before, X-AFTER ,close", "X-After: 1", "X-Stays: 1"]) == "X-Stays: 1\r\n")
    #expect(relayed(["Connection: close,\tx-secret\t", "X-Secret: 1"]) == "")
  }

  @Test("cannot speak for weir", arguments: ["X-Weir-Model: a", "x-weir-user: a", "X-WEIR-VARIANT: a", "x-weir-x: a"])
  func ofWeir(line: String) {
    #expect(relayed([line]) == "")
  }

  @Test("has its length and its request id taken out, to be written once")
  func takenOut() {
    let head = replyHead(["Content-Length: 12", "X-Request-ID: up-1", "A: 1"])
    #expect(head.contentLength == 12)
    #expect(head.requestID == "up-1")
    #expect(String(buffer: head.lines) == "A: 1\r\n")
  }

  @Test("drops a Content-Length that Transfer-Encoding overrules (RFC 9112, section 6.3)")
  func overruledLength() {
    #expect(replyHead(["Content-Length: 5", "Transfer-Encoding: chunked"]).contentLength == nil)
    #expect(replyHead(["Transfer-Encoding: chunked", "Content-Length: 5"]).contentLength == nil)
  }

  @Test(
    "has no length that is not a count", arguments: ["-5", "abc", "", "5, 5", "1.0", "0x10", "99999999999999999999"])
  func badLength(value: String) {
    #expect(replyHead(["Content-Length: \(value)"]).contentLength == nil)
  }

  @Test(
    "tells an event stream by its media type in any letter case",
    arguments: ["text/event-stream", "Text/Event-Stream; charset=utf-8", "TEXT/EVENT-STREAM"])
  func eventStream(type: String) {
    let head = replyHead(["content-TYPE: \(type)"])
    #expect(head.isEventStream)
    #expect(String(buffer: head.lines) == "content-TYPE: \(type)\r\n")
  }

  @Test(
    "is no event stream otherwise",
    arguments: ["text/event", "application/json", "", "text-event/stream", "x text/event-stream"])
  func noEventStream(type: String) {
    #expect(!replyHead(["Content-Type: \(type)"]).isEventStream)
  }

  @Test("tells its coding in lower case, and passes the field on")
  func coding() {
    let head = replyHead(["Content-Encoding: GZip"])
    #expect(head.contentEncoding == "gzip")
    #expect(String(buffer: head.lines) == "Content-Encoding: GZip\r\n")
    #expect(replyHead([]).contentEncoding == nil)
  }
}
