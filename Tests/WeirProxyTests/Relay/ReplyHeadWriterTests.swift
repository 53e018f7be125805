import NIOCore
import NIOHTTP1
import Testing

@testable import WeirPolicy
@testable import WeirProxy

@Suite("The head of a reply to the client")
struct ReplyHeadWriterTests {
  private func relayed(
    _ lines: [String] = [], status: Int = 200, framing: ReplyFraming = .chunked, keepAlive: Bool = true,
    exchange: Exchange, ownRequestID: Bool = true, isHTTP10: Bool = false
  ) -> [String] {
    var buffer = ReplyHeadWriter.relayed(
      replyHead(lines), status: status, framing: framing, keepAlive: keepAlive, exchange: exchange,
      ownRequestID: ownRequestID, isHTTP10: isHTTP10, allocator: ByteBufferAllocator())
    return headLines(&buffer)
  }

  /// The lines up to the empty one; the body stays in the buffer.
  private func headLines(_ buffer: inout ByteBuffer) -> [String] {
    let text = String(buffer: buffer)
    guard let end = text.firstRange(of: "\r\n\r\n") else {
      Issue.record("the head has no end")
      return []
    }
    let head = String(text[..<end.lowerBound])
    buffer.moveReaderIndex(forwardBy: head.utf8.count + 4)
    return head.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("has the upstream's status and fields, then weir's own")
  func relayedHead() throws {
    let lines = relayed(["X-Up: 1", "Content-Type: a/b"], exchange: try .replied())
    #expect(lines[..<3] == ["HTTP/1.1 200 OK", "X-Up: 1", "Content-Type: a/b"])
    #expect(
      Set(lines[3...]) == [
        "transfer-encoding: chunked", "x-request-id: req_1", "x-weir-model: moonshotai/kimi-k2",
        "x-weir-upstream: openrouter.ai", "x-weir-attempts: 1", "x-weir-cache: bypass", "x-weir-edits: model",
        "server-timing: weir;dur=1.234, upstream;dur=10.000",
      ])
  }

  @Test("names any status", arguments: [(201, "HTTP/1.1 201 Created"), (404, "HTTP/1.1 404 Not Found")])
  func status(status: Int, line: String) throws {
    #expect(relayed(status: status, exchange: try .replied(status: status)).first == line)
    #expect(relayed(status: 599, exchange: try .replied(status: 599)).first?.hasPrefix("HTTP/1.1 599 ") == true)
  }

  @Test("frames the body in exactly one way")
  func framing() throws {
    func frames(_ lines: [String], _ framing: ReplyFraming, _ status: Int = 200) throws -> [String] {
      relayed(lines, status: status, framing: framing, exchange: try .replied())
        .filter { $0.hasPrefix("transfer-encoding") || $0.hasPrefix("content-length") }
    }
    #expect(try frames(["Content-Length: 7"], .sized) == ["content-length: 7"])
    #expect(try frames([], .chunked) == ["transfer-encoding: chunked"])
    #expect(try frames([], .untilClose) == [])
    #expect(try frames(["Content-Length: 7"], .none) == ["content-length: 7"])
    #expect(try frames(["Content-Length: 7"], .none, 304) == ["content-length: 7"])
    #expect(try frames(["Content-Length: 0"], .none, 204) == [])
    #expect(try frames([], .none) == [])
  }

  @Test("says whether the connection stays")
  func connection() throws {
    func connection(_ keepAlive: Bool, _ isHTTP10: Bool) throws -> [String] {
      relayed(keepAlive: keepAlive, exchange: try .replied(), isHTTP10: isHTTP10)
        .filter { $0.hasPrefix("connection") }
    }
    #expect(try connection(true, false) == [])
    #expect(try connection(false, false) == ["connection: close"])
    #expect(try connection(true, true) == ["connection: keep-alive"])
    #expect(try connection(false, true) == ["connection: close"])
  }

  @Test("has one request id: the client's own, else the upstream's with weir's beside it")
  func requestID() throws {
    func ids(_ lines: [String], ownRequestID: Bool) throws -> [String] {
      relayed(lines, exchange: try .replied(), ownRequestID: ownRequestID).filter { $0.contains("request-id") }
    }
    #expect(try ids([], ownRequestID: true) == ["x-request-id: req_1"])
    #expect(try ids(["X-Request-Id: up"], ownRequestID: true) == ["x-request-id: up", "x-weir-request-id: req_1"])
    #expect(
      try ids(["X-Request-Id: up"], ownRequestID: false)
        == ["x-request-id: req_1", "x-weir-upstream-request-id: up"])
    #expect(try ids(["X-Request-Id: req_1"], ownRequestID: false) == ["x-request-id: req_1"])
  }

  @Test(
    "cannot be given a line by a model's name",
    arguments: [
      "a\r\nx-evil: 1", "a\nx-evil: 1", "a\r\n\r\n<html>", "a\u{0}b", "a\u{7F}", "a\u{2028}x-evil: 1", "é\u{85}",
    ])
  func injection(model: String) throws {
    let lines = relayed(exchange: try .replied(model: model))
    #expect(lines.count == relayed(exchange: try .replied(model: "plain")).count)
    #expect(!lines.contains { $0.hasPrefix("x-evil") })
    let value = try #require(lines.first { $0.hasPrefix("x-weir-model: ") })
    #expect(value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    #expect(value.utf8.count == "x-weir-model: ".utf8.count + model.utf8.count)
  }

  private func refused(_ refusal: Refusal, isHead: Bool = false, exchange: Exchange) -> (head: [String], body: String) {
    var buffer = ReplyHeadWriter.refusal(
      refusal, exchange: exchange, isHead: isHead, keepAlive: true, isHTTP10: false, allocator: ByteBufferAllocator())
    let head = headLines(&buffer)
    return (head, String(buffer: buffer))
  }

  @Test("of a refusal has the status, the length of its JSON body, and what HTTP demands")
  func refusal() throws {
    let refusal = Refusal(
      .overloaded, "no room", remedy: "Wait.", retryAfterSeconds: 3,
      fields: [Refusal.Field(name: "www-authenticate", value: "Bearer")])
    let (head, body) = refused(refusal, exchange: try .sent())
    #expect(head.first == "HTTP/1.1 503 Service Unavailable")
    #expect(head.contains("content-type: application/json"))
    #expect(head.contains("content-length: \(body.utf8.count)"))
    #expect(head.contains("retry-after: 3"))
    #expect(head.contains("www-authenticate: Bearer"))
    #expect(head.contains("x-request-id: req_1"))
    #expect(body.contains("\"overloaded\""))
    #expect(body.contains("weir: no room (request req_1). Wait."))
    _ = try envelope(Array(body.utf8))
  }

  @Test("of a refused HEAD request says the body's length and has none")
  func refusedHead() throws {
    let refusal = Refusal(.unauthorized, "no key", remedy: "Send one.")
    let whole = refused(refusal, exchange: try .sent())
    let head = refused(refusal, isHead: true, exchange: try .sent())
    #expect(head.body == "")
    #expect(head.head == whole.head)
  }

  @Test("of a refusal is valid whatever a model is called")
  func refusedInjection() throws {
    let (head, body) = refused(
      Refusal(.invalidRequest, "x", remedy: "y."), exchange: try .sent(model: "a\r\nx-evil: 1\r\n\r\n"))
    #expect(!head.contains { $0.hasPrefix("x-evil") })
    _ = try envelope(Array(body.utf8))
  }
}
