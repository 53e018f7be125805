import NIOCore
import Testing

@testable import WeirUpstream

@Suite("The engine", .timeLimit(.minutes(10)))
struct UpstreamEngineTests {
  @Test("brings a reply's status, fields and body")
  func reply() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let reply = try await bench.run(EngineRequest("GET", origin.url("/a/b?c=d")))
      #expect(reply.status == 200)
      #expect(reply.fields.contains("x-echo: yes\r\n"))
      #expect(reply.failure == nil)
      #expect(reply.surplusCalls == 0)
      #expect(reply.echoedHead.first == "GET /a/b?c=d")
    }
  }

  @Test("sends the caller's header lines in their order and no line of its own but Host")
  func headers() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      var request = EngineRequest("GET", origin.url("/"))
      request.headers = [("X-B", "2"), ("x-a", "1"), ("X-B", ""), ("User-Agent", "me")]
      let lines = try await bench.run(request).echoedHead.dropFirst()
      #expect(lines.filter { !$0.hasPrefix("Host: ") } == ["X-B: 2", "x-a: 1", "X-B: ", "User-Agent: me"])
      #expect(lines.count == 5)
    }
  }

  @Test(
    "sends the path letter for letter",
    arguments: ["/a//b/", "/a/./b/../c", "/%41%2f%7e", "/a;b=c/d:e@f", "/x?q=%20&r=[1]&s='*'", "/models/a%2Fb", "/?"])
  func path(path: String) async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      #expect(try await bench.run(EngineRequest("GET", origin.url(path))).echoedHead.first == "GET \(path)")
    }
  }

  @Test("serves requests of every kind one after the other, whatever came before on the same handle")
  func kinds() async throws {
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PURGE"]
    try await EngineBench.with(EngineSettings(keptTransfers: 1)) { bench in
      let origin = try await Origin.echo(on: bench.origins)
      for first in methods {
        for second in methods {
          for (index, method) in [first, second].enumerated() {
            let text = "\(first)-\(second)-\(index)"
            let withBody = method != "HEAD" && (method != "GET" || index == 1)
            let bytes = ByteBuffer(string: text)
            let whole = EngineRequest.Body.whole(bytes)
            let body = withBody ? (method == second ? whole : .parts([bytes])) : .none
            let reply = try await bench.run(EngineRequest(method, origin.url("/\(text)"), body: body))
            #expect(reply.failure == nil, "\(text)")
            #expect(reply.status == 200)
            if method == "HEAD" {
              #expect(reply.body.isEmpty)
            } else {
              #expect(reply.echoedHead.first == "\(method) /\(text)")
              #expect(reply.echoedBody == (withBody ? text[...] : ""))
            }
          }
        }
      }
    }
  }

  @Test("sends no Content-Length without a body, and one of 0 for an empty body")
  func emptyBody() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let none = try await bench.run(EngineRequest("DELETE", origin.url("/")))
      #expect(!none.text.lowercased().contains("content-length"))
      let empty = try await bench.run(EngineRequest("POST", origin.url("/"), body: .whole(ByteBuffer())))
      #expect(empty.text.lowercased().contains("content-length: 0\n"))
      #expect(empty.echoedBody == "")
    }
  }

  @Test("ends a HEAD request at the reply's head, even one that was sent with an empty body")
  func headRequests() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      for body in [EngineRequest.Body.none, .whole(ByteBuffer())] {
        var request = EngineRequest("HEAD", origin.url("/"), body: body)
        request.timeouts.idle = 200_000_000
        let reply = try await bench.run(request)
        #expect(reply.status == 200)
        #expect(reply.failure == nil, "\(body)")
        #expect(reply.fields.contains("content-length: "))
        #expect(reply.body.isEmpty)
      }
    }
  }

  @Test("carries large bodies both ways, whole and unchanged")
  func large() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let bytes = (0..<3_000_000).map { UInt8(ascii: "a") + UInt8(($0 &* 7919) % 26) }
      let reply = try await bench.run(
        EngineRequest("POST", origin.url("/"), body: .whole(ByteBuffer(bytes: bytes))))
      #expect(reply.failure == nil)
      #expect(Array(reply.echoedBody.utf8) == bytes)
    }
  }

  @Test("joins a body's parts on their way, whatever their sizes")
  func parts() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let bytes = (0..<700_000).map { UInt8(ascii: "a") + UInt8(($0 &* 7919) % 26) }
      let whole = ByteBuffer(bytes: bytes)
      for cuts in [[1, 20], [262_144, 262_145, 524_288, 699_999], [350_000, 350_000]] {
        let cuts = [0] + cuts + [700_000]
        let parts = zip(cuts, cuts.dropFirst()).compactMap { whole.getSlice(at: $0, length: $1 - $0) }
        let reply = try await bench.run(EngineRequest("POST", origin.url("/"), body: .parts(parts)))
        #expect(reply.failure == nil)
        #expect(reply.text.lowercased().contains("content-length: 700000\n"))
        #expect(Array(reply.echoedBody.utf8) == bytes)
      }
      #expect(origin.tally.counts.opened == 1)
    }
  }

  @Test("sends a request again whose connection is closed instead of answered", arguments: [10, 700_000])
  func sentAgain(count: Int) async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytesOnce("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
      let bytes = ByteBuffer(repeating: UInt8(ascii: "x"), count: count)
      let half = try #require(bytes.getSlice(at: 0, length: count / 2))
      for body in [EngineRequest.Body.whole(bytes), .parts([half, half])] {
        let before = origin.tally.counts
        for _ in 0..<2 {
          let reply = try await bench.run(EngineRequest("POST", origin.url("/"), body: body))
          #expect(reply.failure == nil)
          #expect(reply.text == "ok")
        }
        #expect(origin.tally.counts.opened > before.opened)
      }
    }
  }

  @Test("serves many transfers at once, each with its own reply")
  func concurrent() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let url = origin.url("/")
      try await withThrowingTaskGroup(of: (Int, RecordedReply).self) { group in
        for index in 0..<200 {
          group.addTask {
            (index, try await bench.run(EngineRequest("POST", url, body: .whole(ByteBuffer(string: "n\(index)")))))
          }
        }
        for try await (index, reply) in group {
          #expect(reply.failure == nil)
          #expect(reply.echoedBody == "n\(index)")
          #expect(reply.surplusCalls == 0)
        }
      }
      #expect(try await bench.onLoop { $0.liveCount } == 0)
      #expect(origin.tally.counts.requests == 200)
    }
  }

  @Test("uses a connection again, and says so")
  func reuse() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      var reused: [Bool?] = []
      for _ in 0..<5 { reused.append(try await bench.run(EngineRequest("GET", origin.url("/"))).reusedConnection) }
      #expect(reused == [false, true, true, true, true])
      #expect(origin.tally.counts.opened == 1)
    }
  }

  @Test("does not use a connection again that the upstream is about to close")
  func connectionClose() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytesThenClose("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"))
      for _ in 0..<3 {
        let reply = try await bench.run(EngineRequest("GET", origin.url("/")))
        #expect(reply.failure == nil)
        #expect(reply.text == "ok")
        #expect(reply.reusedConnection == false)
      }
      #expect(origin.tally.counts.opened == 3)
    }
  }

  @Test("keeps itself alive from inside a transfer's end: the next transfer may begin there")
  func chained() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let url = origin.url("/second")
      let second = bench.loop.makePromise(of: RecordedReply.self)
      let bound = try await bench.onLoop { NIOLoopBound($0, eventLoop: $0.eventLoop) }
      var request = EngineRequest("GET", origin.url("/first"))
      request.onPrepared = { _, recorder in
        recorder.onEnd = {
          guard let next = bound.value.prepare(for: url) else { return second.fail(ChannelError.eof) }
          next.begin(
            method: "GET", url: url, body: .none, timeouts: EngineRequest("GET", url).timeouts,
            receiver: ReplyRecorder(second))
        }
      }
      #expect(try await bench.run(request).echoedHead.first == "GET /first")
      #expect(try await second.futureResult.get().echoedHead.first == "GET /second")
    }
  }
}
