import NIOCore
import NIOPosix
import Testing

@testable import WeirUpstream

@Suite("A transfer can be", .timeLimit(.minutes(10)))
struct TransferControlTests {
  /// A reply that begins and never ends.
  private static let stall = Script.bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")

  @Test("held: the upstream can then send no more than the kernel's buffers take, and nothing is lost")
  func hold() async throws {
    let size = 64 * 1024 * 1024
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, .flood(size))
      let other = try await Origin.echo(on: bench.origins)
      var request = EngineRequest("GET", origin.url("/"))
      request.onPrepared = { transfer, recorder in
        recorder.onBatch = {
          // The first batch may be the head alone.
          guard !recorder.reply.body.isEmpty else { return }
          recorder.onBatch = nil
          transfer.hold()
        }
      }
      let running = try await bench.begin(request)
      // Other transfers that come and go are the clock here.
      var atHold = 0
      while atHold == 0 {
        _ = try await bench.run(EngineRequest("GET", other.url("/")))
        atHold = try await running.onLoop { _, recorder in recorder.onBatch == nil ? recorder.reply.body.count : 0 }
      }
      for _ in 0..<50 { _ = try await bench.run(EngineRequest("GET", other.url("/"))) }
      #expect(try await running.onLoop { _, recorder in recorder.reply.body.count } == atHold)
      #expect(origin.tally.counts.sent < size)
      _ = try await running.onLoop { transfer, _ in transfer.release() }
      let reply = try await running.reply.get()
      #expect(reply.failure == nil)
      #expect(reply.body.count == size)
      #expect(reply.surplusCalls == 0)
    }
  }

  @Test("held and released again and again, from inside libcurl and from outside")
  func holdOften() async throws {
    let size = 8 * 1024 * 1024
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, .flood(size))
      var request = EngineRequest("GET", origin.url("/"))
      request.onPrepared = { transfer, recorder in
        let bound = NIOLoopBound(transfer, eventLoop: bench.loop)
        recorder.onBody = {
          transfer.hold()
          bench.loop.execute { bound.value.release() }
        }
      }
      let reply = try await bench.run(request)
      #expect(reply.failure == nil)
      #expect(reply.body.count == size)
    }
  }

  @Test("cancelled: its receiver hears nothing more and its connection is closed", arguments: CancelMoment.allCases)
  func cancel(moment: CancelMoment) async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, Self.stall)
      var request = EngineRequest("GET", origin.url("/"))
      request.onPrepared = { transfer, recorder in
        let end: () -> Void = {
          recorder.onEnd = { Issue.record("a cancelled transfer reported its end") }
          transfer.cancel()
        }
        switch moment {
        case .inHead: recorder.onHead = end
        case .inBody: recorder.onBody = end
        case .inBatch: recorder.onBatch = end
        case .atOnce: break
        }
      }
      let running = try await bench.begin(request) { transfer, _ in if moment == .atOnce { transfer.cancel() } }
      if moment != .atOnce { try await origin.tally.wait { $0.requests == 1 } }
      try await origin.tally.wait { $0.closed == $0.opened }
      #expect(try await bench.onLoop { $0.liveCount } == 0)
      // The engine is as good as new.
      let other = try await Origin.echo(on: bench.origins)
      #expect(try await bench.run(EngineRequest("GET", other.url("/"))).failure == nil)
      let seen = try await running.onLoop { _, recorder in recorder.reply }
      #expect(seen.failure == nil)
      #expect(seen.surplusCalls == 0)
      #expect(seen.body.isEmpty || moment == .inBody || moment == .inBatch)
    }
  }

  enum CancelMoment: CaseIterable { case atOnce, inHead, inBody, inBatch }

  @Test("cancelled while held, and twice, and after its end, without harm")
  func cancelOften() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, Self.stall)
      var request = EngineRequest("GET", origin.url("/"))
      request.onPrepared = { transfer, recorder in recorder.onBatch = { transfer.hold() } }
      let held = try await bench.begin(request)
      try await origin.tally.wait { $0.requests == 1 }
      try await held.onLoop { transfer, _ in
        transfer.cancel()
        transfer.cancel()
        transfer.release()
        transfer.hold()
      }
      try await origin.tally.wait { $0.closed == 1 }
      let echo = try await Origin.echo(on: bench.origins)
      let done = try await bench.begin(EngineRequest("GET", echo.url("/")))
      #expect(try await done.reply.get().failure == nil)
      try await done.onLoop { transfer, _ in transfer.cancel() }
      #expect(try await bench.run(EngineRequest("GET", echo.url("/"))).failure == nil)
    }
  }

  @Test("ended with the engine: shutting down says nothing to receivers and closes their connections")
  func shutDown() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, Self.stall)
      var running: [RunningTransfer] = []
      for _ in 0..<5 { running.append(try await bench.begin(EngineRequest("GET", origin.url("/")))) }
      try await origin.tally.wait { $0.requests == 5 }
      try await bench.onLoop { $0.shutDown() }
      try await origin.tally.wait { $0.closed == 5 }
      #expect(try await bench.onLoop { $0.liveCount } == 0)
      for transfer in running {
        #expect(try await transfer.onLoop { _, recorder in recorder.reply.failure } == nil)
      }
      let late = try await bench.run(EngineRequest("GET", origin.url("/")))
      #expect(late.failure == .local)
      try await bench.onLoop { $0.shutDown() }
    }
  }
}

@Suite("A transfer gives up", .timeLimit(.minutes(10)))
struct TransferTimeoutTests {
  private static let short: Int64 = 60_000_000

  @Test("where nothing listens")
  func refused() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let url = origin.url("/")
      try await origin.channel.close()
      let reply = try await bench.run(EngineRequest("GET", url))
      #expect(reply.failure == .unreachable)
      #expect(reply.status == nil)
      #expect(reply.reusedConnection == nil)
    }
  }

  @Test("when no connection stands in time")
  func connect() async throws {
    try await EngineBench.with { bench in
      let deaf = try DeafListener()
      var request = EngineRequest("GET", "http://127.0.0.1:\(deaf.port)/")
      request.timeouts.connect = 2 * Self.short
      let reply = try await bench.run(request)
      #expect(reply.failure == .connectTimeout)
      #expect(reply.status == nil)
      withExtendedLifetime(deaf) {}
    }
  }

  @Test("where an address is not one", arguments: ["http://", "ftp://127.0.0.1/", "http://[::1/"])
  func badAddress(url: String) async throws {
    try await EngineBench.with { bench in
      let reply = try await bench.run(EngineRequest("GET", url))
      #expect(reply.failure == .local || reply.failure == .protocolError || reply.failure == .unreachable)
      #expect(reply.status == nil)
    }
  }

  @Test("when no reply begins in time")
  func firstByte() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, .bytes(""))
      var request = EngineRequest("GET", origin.url("/"))
      request.timeouts.firstByte = Self.short
      let reply = try await bench.run(request)
      #expect(reply.failure == .firstByteTimeout)
      #expect(reply.status == nil)
      try await origin.tally.wait { $0.closed == 1 }
    }
  }

  @Test("when a reply pauses for too long")
  func idle() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun"))
      var request = EngineRequest("GET", origin.url("/"))
      request.timeouts.idle = Self.short
      let reply = try await bench.run(request)
      #expect(reply.failure == .idleTimeout)
      #expect(reply.status == 200)
      #expect(reply.text == "begun")
      try await origin.tally.wait { $0.closed == 1 }
    }
  }

  @Test("when a reply goes on for too long, although it never pauses")
  func total() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins,
        .drip("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then: "1\r\nx\r\n", everyMilliseconds: 5))
      var request = EngineRequest("GET", origin.url("/"))
      request.timeouts.total = 4 * Self.short
      let reply = try await bench.run(request)
      #expect(reply.failure == .totalTimeout)
      #expect(reply.status == 200)
      #expect(reply.body.allSatisfy { $0 == UInt8(ascii: "x") })
      try await origin.tally.wait { $0.closed == 1 }
    }
  }

  @Test("for itself alone: others on the same engine go on")
  func others() async throws {
    try await EngineBench.with { bench in
      let silent = try await Origin.scripted(on: bench.origins, .bytes(""))
      let echo = try await Origin.echo(on: bench.origins)
      var request = EngineRequest("GET", silent.url("/"))
      request.timeouts.firstByte = Self.short
      let failing = try await bench.begin(request)
      let patient = try await bench.begin(EngineRequest("GET", silent.url("/")))
      #expect(try await failing.reply.get().failure == .firstByteTimeout)
      #expect(try await bench.run(EngineRequest("GET", echo.url("/"))).failure == nil)
      #expect(try await bench.onLoop { $0.liveCount } == 1)
      try await patient.onLoop { transfer, _ in transfer.cancel() }
    }
  }
}

@Suite("A streaming upload", .timeLimit(.minutes(10)))
struct TransferUploadTests {
  @Test("goes out as it comes in, with its length or in chunks", arguments: [true, false])
  func parts(isSized: Bool) async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let parts = (0..<50).map { String(repeating: String($0 % 10), count: $0 * 7) }
      let whole = parts.joined()
      let body = EngineRequest.Body.streaming(length: isSized ? Int64(whole.utf8.count) : nil)
      let running = try await bench.begin(EngineRequest("POST", origin.url("/upload"), body: body))
      for part in parts {
        try await running.onLoop { transfer, _ in transfer.send(ByteBuffer(string: part)) }
      }
      try await running.onLoop { transfer, _ in transfer.finishBody() }
      let reply = try await running.reply.get()
      #expect(reply.failure == nil)
      #expect(reply.echoedHead.first == "POST /upload")
      #expect(reply.echoedBody == whole[...])
      let head = reply.echoedHead.joined(separator: "\n").lowercased()
      #expect(head.contains("content-length: \(whole.utf8.count)") == isSized)
      #expect(head.contains("transfer-encoding: chunked") == !isSized)
      #expect(reply.bodyWishes > 0)
    }
  }

  @Test("that was whole before the connection stood goes out all the same")
  func early() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let request = EngineRequest("PUT", origin.url("/"), body: .streaming(length: nil))
      let running = try await bench.begin(request) { transfer, _ in
        transfer.send(ByteBuffer(string: "all "))
        transfer.send(ByteBuffer(string: "at once"))
        transfer.finishBody()
      }
      let reply = try await running.reply.get()
      #expect(reply.echoedHead.first == "PUT /")
      #expect(reply.echoedBody == "all at once")
    }
  }

  @Test("of nothing is an empty body")
  func nothing() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      let request = EngineRequest("POST", origin.url("/"), body: .streaming(length: nil))
      let reply = try await bench.begin(request) { transfer, _ in transfer.finishBody() }.reply.get()
      #expect(reply.failure == nil)
      #expect(reply.echoedBody == "")
    }
  }

  @Test("larger than any buffer is fed when the transfer asks for more")
  func fed() async throws {
    let part = String(repeating: "0123456789abcdef", count: 1024)
    let count = 200
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      var request = EngineRequest("POST", origin.url("/"), body: .streaming(length: nil))
      request.onPrepared = { transfer, recorder in
        var left = count
        recorder.onBodyWish = {
          guard transfer.pendingBytes == 0, left >= 0 else { return }
          left -= 1
          if left >= 0 { transfer.send(ByteBuffer(string: part)) } else { transfer.finishBody() }
        }
      }
      let reply = try await bench.run(request)
      #expect(reply.failure == nil)
      #expect(reply.echoedBody.utf8.count == part.utf8.count * count)
    }
  }

  @Test("cannot be sent twice, so it goes over a fresh connection")
  func freshConnection() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      _ = try await bench.run(EngineRequest("GET", origin.url("/")))
      let request = EngineRequest("POST", origin.url("/"), body: .streaming(length: 1))
      let reply = try await bench.begin(request) { transfer, _ in
        transfer.send(ByteBuffer(string: "x"))
        transfer.finishBody()
      }.reply.get()
      #expect(reply.failure == nil)
      #expect(reply.reusedConnection == false)
      #expect(origin.tally.counts.opened == 2)
    }
  }

  @Test("that is refused early, while its client is silent, brings the whole refusal")
  func earlyReply() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytes("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"))
      var request = EngineRequest("POST", origin.url("/"), body: .streaming(length: 1_000_000))
      request.timeouts.idle = 500_000_000
      let reply = try await bench.run(request)
      #expect(reply.status == 413)
      #expect(reply.text == "no")
      #expect(reply.failure == nil)
    }
  }

  @Test("told to let go of its request once the reply has begun, and loses nothing of reply or next request")
  func letGo() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.echo(on: bench.origins)
      for (round, size) in [10, 300_000, 10, 70_000].enumerated() {
        let body = ByteBuffer(repeating: UInt8(ascii: "a") + UInt8(round), count: size)
        var request = EngineRequest("POST", origin.url("/\(round)"), body: .whole(body))
        request.headers = [("X-Round", "\(round)"), ("X-Long", String(repeating: "l", count: 3000))]
        request.onPrepared = { transfer, recorder in recorder.onHead = { transfer.letGoOfRequest() } }
        let reply = try await bench.run(request)
        #expect(reply.failure == nil)
        #expect(reply.echoedHead.first == "POST /\(round)")
        #expect(reply.echoedHead.contains("X-Round: \(round)"))
        #expect(Array(reply.echoedBody.utf8) == Array(body.readableBytesView))
      }
    }
  }

  @Test("asked for a stream, and brings large parts whole all the same")
  func stream() async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(on: bench.origins, .flood(300_000))
      for expectsStream in [true, false, true] {
        var request = EngineRequest("GET", origin.url("/"))
        request.expectsStream = expectsStream
        let reply = try await bench.run(request)
        #expect(reply.failure == nil)
        #expect(reply.body.count == 300_000)
      }
    }
  }
}
