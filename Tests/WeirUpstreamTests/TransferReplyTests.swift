import NIOCore
import Testing

@testable import WeirUpstream

@Suite("A transfer takes from its upstream", .timeLimit(.minutes(10)))
struct TransferReplyTests {
  /// The reply to a GET of an origin that answers with these bytes.
  private func reply(to bytes: Script) async throws -> RecordedReply {
    var reply: RecordedReply?
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, bytes)
      reply = try await bench.run(EngineRequest("GET", origin.url("/")))
    }
    return try #require(reply)
  }

  @Test("the final head only")
  func informational() async throws {
    let reply = try await reply(
      to: .bytes(
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    #expect(reply.status == 200)
    #expect(reply.fields == "content-length: 2\r\n")
    #expect(reply.text == "ok")
    #expect(reply.surplusCalls == 0)
  }

  @Test("a body without its chunks, and no trailers")
  func chunked() async throws {
    let reply = try await reply(
      to: .bytes(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"))
    #expect(reply.text == "abcde")
    #expect(!reply.fields.contains("x-trailer"))
    #expect(reply.failure == nil)
  }

  @Test("a body in whatever coding it has")
  func coding() async throws {
    let reply = try await reply(
      to: .bytes("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip"))
    #expect(reply.text == "not gzip")
    #expect(reply.failure == nil)
  }

  @Test("a redirect as it is, without following it", arguments: [301, 302, 307, 308])
  func redirect(status: Int) async throws {
    let reply = try await reply(
      to: .bytes("HTTP/1.1 \(status) Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    #expect(reply.status == status)
    #expect(reply.fields.contains("location: http://127.0.0.1:1/\r\n"))
    #expect(reply.failure == nil)
  }

  @Test("every status with its body", arguments: [200, 206, 400, 401, 407, 417, 429, 500, 503, 599])
  func statuses(status: Int) async throws {
    let reply = try await reply(to: .bytes("HTTP/1.1 \(status) X\r\nContent-Length: 4\r\n\r\nbody"))
    #expect(reply.status == status)
    #expect(reply.text == "body")
    #expect(reply.failure == nil)
  }

  @Test("no body with 204 and 304", arguments: [204, 304])
  func bodyless(status: Int) async throws {
    let reply = try await reply(to: .bytes("HTTP/1.1 \(status) X\r\nETag: \"e\"\r\n\r\n"))
    #expect(reply.status == status)
    #expect(reply.body.isEmpty)
    #expect(reply.failure == nil)
  }

  @Test("a body that ends with its connection")
  func untilClose() async throws {
    let reply = try await reply(to: .bytesThenClose("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it"))
    #expect(reply.text == "all of it")
    #expect(reply.failure == nil)
  }

  @Test(
    "no reply from a connection that closes before one began", arguments: ["", "\r\n"])
  func closed(bytes: String) async throws {
    let reply = try await reply(to: .bytesThenClose(bytes))
    #expect(reply.failure == .closedBeforeReply || reply.failure == .protocolError)
    #expect(reply.status == nil)
  }

  @Test(
    "no half reply for a whole one",
    arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    ])
  func broken(bytes: String) async throws {
    let reply = try await reply(to: .bytesThenClose(bytes))
    #expect(reply.status == 200)
    #expect(reply.failure == .brokenReply)
    #expect(reply.surplusCalls == 0)
  }

  @Test(
    "nothing that is not HTTP",
    arguments: [
      "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\u{0}c\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 103 Hints\r\n\r\n",
    ])
  func notHTTP(bytes: String) async throws {
    let reply = try await reply(to: .bytesThenClose(bytes))
    #expect(reply.status == nil)
    #expect(reply.failure == .protocolError || reply.failure == .closedBeforeReply)
    #expect(reply.body.isEmpty)
  }

  @Test("no head that begins with a folded line, whatever reply came before it")
  func folded() async throws {
    try await EngineBench.with { bench in
      let echo = try await Origin.echo(on: bench.origins)
      let folding = try await Origin.scripted(
        on: bench.origins, .bytes("HTTP/1.1 200 OK\r\n  X-A: a\r\nContent-Length: 2\r\n\r\nok"))
      for _ in 0..<3 {
        #expect(try await bench.run(EngineRequest("GET", echo.url("/"))).failure == nil)
        let reply = try await bench.run(EngineRequest("GET", folding.url("/")))
        #expect(reply.failure == .protocolError, "\(reply.reason ?? "none")")
      }
    }
  }

  @Test("no head without end")
  func endlessHead() async throws {
    let line = "X-Filler: " + String(repeating: "v", count: 4000) + "\r\n"
    let reply = try await reply(
      to: .bytes("HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 100) + "\r\n"))
    #expect(reply.status == nil)
    #expect(reply.failure == .protocolError)
  }
}
