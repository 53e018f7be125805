import NIOCore
import NIOPosix
import Testing

@testable import WeirUpstream

@Suite("Connections of the event loop's own", .timeLimit(.minutes(10)))
struct DirectEngineTests {
  private func with(_ settings: EngineSettings = EngineSettings(), _ test: (EngineBench) async throws -> Void)
    async throws
  {
    try await EngineBench.withOne(settings, test)
  }

  @Test("reach a host by name, whichever of its addresses answers")
  func byName() async throws {
    try await with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      for _ in 0..<2 {
        let reply = try await bench.run(EngineRequest("GET", "http://localhost:\(origin.port)/x"))
        #expect(reply.failure == nil)
        #expect(reply.echoedHead.contains("Host: localhost:\(origin.port)"))
      }
      #expect(origin.tally.counts.opened == 1)
    }
  }

  @Test("say that a name was not found")
  func noName() async throws {
    try await with { bench in
      let reply = try await bench.run(EngineRequest("GET", "http://no-such-host.invalid/"))
      #expect(reply.failure == .unreachable)
      #expect(reply.reusedConnection == nil)
    }
  }

  @Test("are not kept where the upstream said more than was asked")
  func excess() async throws {
    try await with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"))
      for _ in 0..<3 {
        let reply = try await bench.run(EngineRequest("GET", origin.url("/")))
        #expect(reply.text == "ok")
        #expect(reply.reusedConnection == false)
      }
      #expect(origin.tally.counts.opened == 3)
    }
  }

  @Test("are kept up to a bound")
  func bound() async throws {
    try await with(EngineSettings(keptConnections: 1)) { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let url = origin.url("/")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 { group.addTask { _ = try await bench.run(EngineRequest("GET", url)) } }
        try await group.waitForAll()
      }
      try await origin.tally.wait { $0.opened - $0.closed <= 1 }
    }
  }

  @Test("that the upstream closes while they wait are not used again, and nobody notices")
  func closedWhileIdle() async throws {
    try await with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
      for _ in 0..<5 { #expect(try await bench.run(EngineRequest("GET", origin.url("/"))).text == "ok") }
    }
  }

  @Test("send one head line of each kind, and the body's length or its chunks")
  func wire() async throws {
    try await with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      var request = EngineRequest("POST", origin.url("/p?q"), body: .whole(ByteBuffer(string: "body")))
      request.headers = [("B", "2"), ("a", ""), ("B", "3")]
      let reply = try await bench.run(request)
      #expect(
        reply.echoedHead == [
          "POST /p?q", "Host: 127.0.0.1:\(origin.port)", "B: 2", "a: ", "B: 3", "Content-Length: 4",
        ])
      #expect(reply.echoedBody == "body")
    }
  }

  @Test("let a request go again over a new connection, but only once")
  func sentAgainOnce() async throws {
    try await with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytesOnce("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
      _ = try await bench.run(EngineRequest("GET", origin.url("/")))
      let again = try await bench.run(EngineRequest("GET", origin.url("/")))
      #expect(again.failure == nil)
      #expect(again.reusedConnection == false)
      #expect(origin.tally.counts.requests == 3)
    }
  }
}
