import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import WeirUpstream

/// Reads all that comes, and answers once. Lives on its connection's event loop.
private final class AnswersAndResets: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private let text: String
  private var answered = false

  init(_ text: String) { self.text = text }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !answered else { return }
    answered = true
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
  }
}

@Suite("A request that meets the limits of its connection", .timeLimit(.minutes(10)))
struct DirectTransferTests {
  private static let patient = PhaseTimeouts(
    connect: 20_000_000_000, firstByte: 20_000_000_000, idle: 20_000_000_000, total: 40_000_000_000)

  @Test(
    "leaves with a head that is larger than what a channel takes at once", arguments: [10, 60, 70, 200], [0, 1, 2])
  func largeHead(_ kib: Int, _ kind: Int) async throws {
    try await EngineBench.with { bench in
      let origin = try await Origin.scripted(
        on: bench.origins, .bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
      let bytes = ByteBuffer(repeating: UInt8(ascii: "x"), count: 20_000)
      let body: EngineRequest.Body =
        switch kind {
        case 0: .whole(bytes)
        case 1: .parts([bytes, bytes])
        default: .streaming(length: nil)
        }
      var request = EngineRequest("POST", origin.url("/"), body: body)
      request.timeouts = Self.patient
      for index in 0..<kib { request.headers.append(("X-\(index)", String(repeating: "v", count: 1020))) }
      let running = try await bench.begin(request) { transfer, _ in
        guard kind == 2 else { return }
        transfer.send(bytes)
        transfer.finishBody()
      }
      let reply = try await running.reply.get()
      #expect(reply.failure == nil, "\(kib) KiB, kind \(kind): \(reply.reason ?? "")")
      #expect(reply.text == "ok")
    }
  }

  @Test("has no whole reply where it is its own write that finds the connection reset")
  func resetFoundByWrite() async throws {
    try await EngineBench.with { bench in
      let accepted = Mutex<(any Channel)?>(nil)
      let origin = try await Origin.start(on: bench.origins) { channel, _ in
        accepted.withLock { $0 = channel }
        try channel.pipeline.syncOperations.addHandler(
          AnswersAndResets("HTTP/1.1 200 OK\r\n\r\nthe first half of"))
      }
      var request = EngineRequest("POST", origin.url("/"), body: .streaming(length: nil))
      request.timeouts = Self.patient
      let hasBody = Mutex(false)
      request.onPrepared = { _, recorder in recorder.onBody = { hasBody.withLock { $0 = true } } }
      let running = try await bench.begin(request) { transfer, _ in transfer.send(ByteBuffer(string: "begin")) }
      while !hasBody.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
      let channel = try #require(accepted.withLock { $0 })
      try await running.onLoop { transfer, _ in
        // The loop is busy while the reset comes, then writes before it looks at its sockets.
        channel.eventLoop.execute {
          (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
            channel.close(promise: nil)
          }
        }
        usleep(300_000)
        transfer.send(ByteBuffer(string: "more"))
      }
      let reply = try await running.reply.get()
      #expect(reply.failure == .brokenReply, "\(String(describing: reply.failure)) \(reply.text)")
      _ = origin
    }
  }
}
