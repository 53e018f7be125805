import NIOCore
import NIOEmbedded
import Testing

@testable import WeirUpstream

@Suite("A connection with HTTP/2 whose ends act at the same time")
struct HTTP2TurnTests {
  @Test("what comes between a release and its delivery goes behind what was kept")
  func releasedOrder() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      asked.recorder.onHead = { asked.transfer.hold() }
      try peer.send(.head(1), .data(1, "first "))
      asked.transfer.release()
      // The upstream's read event of the same poll.
      try peer.channel.writeInbound(ByteBuffer(bytes: Frame.data(1, "second").bytes))
      bench.loop.run()
      #expect(asked.reply.text == "first second")
    }
  }

  @Test("nothing is lost where the end comes between a release and its delivery")
  func releasedEnd() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      asked.recorder.onHead = { asked.transfer.hold() }
      try peer.send(.head(1), .data(1, "first "))
      asked.transfer.release()
      try peer.channel.writeInbound(ByteBuffer(bytes: Frame.data(1, "second", isEnd: true).bytes))
      bench.loop.run()
      #expect(asked.isOver && asked.reply.failure == nil && asked.reply.text == "first second")
    }
  }

  @Test("a write that fails at once ends the connection, and nobody is asked for more of a body")
  func writeFails() throws {
    try HTTP2Bench.with { bench in
      let channel = EmbeddedChannel(loop: bench.loop)
      let breaker = Breaker()
      try channel.pipeline.syncOperations.addHandler(breaker)
      let connection = HTTP2Connection(
        home: bench.origin, engine: bench.engine,
        secured: try channel.pipeline.syncOperations.context(handler: breaker))
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 443)).wait()
      try channel.pipeline.syncOperations.addHandler(connection)
      bench.origin.add(connection)
      let hello = Frame.settings([(4, 0x7FFF_FFFF)]).bytes + Frame(type: Frame.settings, flags: Frame.ack).bytes
      try channel.writeInbound(ByteBuffer(bytes: hello + Frame.windowUpdate(0, 0x7000_0000).bytes))
      bench.loop.run()
      breaker.isArmed = true
      let body = ByteBuffer(repeating: 0x61, count: 4 * 1024 * 1024)
      let asked = try bench.ask("POST", .whole(body))
      #expect(asked.isOver)
      #expect(breaker.writesAfter == 0)
    }
  }

  /// Closes the channel within a write, as NIO does where the kernel says that the connection is reset.
  private final class Breaker: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var isArmed = false
    var writesAfter = 0
    private var isBroken = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      guard isArmed else { return context.write(data, promise: promise) }
      if isBroken {
        writesAfter += 1
        return
      }
      isBroken = true
      context.close(promise: nil)
    }
  }

  @Test("a header value with blanks around it is one without them")
  func blanks() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      try peer.send(.head(1, [(":status", "200"), ("x-a", " b ")], flags: Frame.endHeaders | Frame.endStream))
      #expect(asked.isOver && asked.reply.failure == nil && asked.reply.status == 200)
    }
  }

  @Test("requests beyond a limit that the upstream tells late wait, and are all answered")
  func lowered() throws {
    try HTTP2Bench.with { bench in
      let peer = try HTTP2Bench.Peer(bench)
      let asked = try (0..<5).map { _ in try bench.ask() }
      _ = try peer.requests()
      try peer.send(Frame.settings([(3, 1)]), Frame(type: Frame.settings, flags: Frame.ack))
      for id in [Int32(1), 3, 5, 7, 9] {
        try peer.send(.head(id, flags: Frame.endHeaders | Frame.endStream))
      }
      #expect(asked.allSatisfy { $0.isOver && $0.reply.failure == nil })
    }
  }

  @Test("a request that the upstream did not look at goes elsewhere where the connection ends at once")
  func goAwayThenCut() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      _ = try peer.requests()
      let next = try bench.connect()
      try peer.channel.writeInbound(ByteBuffer(bytes: Frame.goAway(last: 0).bytes))
      peer.channel.close(promise: nil)
      bench.loop.run()
      #expect(try next.requests() == [1])
      try next.send(.head(1, flags: Frame.endHeaders | Frame.endStream))
      #expect(asked.isOver && asked.reply.failure == nil)
    }
  }

  @Test("a stream refused while the upstream's limit is not known is sent again more than once")
  func refusedTwice() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      for id in [Int32(1), 3, 5] {
        #expect(try peer.requests() == [id])
        try peer.send(.reset(id, 7))
      }
      #expect(try peer.requests() == [7])
      try peer.send(.head(7, flags: Frame.endHeaders | Frame.endStream))
      #expect(asked.isOver && asked.reply.failure == nil)
    }
  }

  @Test("a release within the batch that held, and a hold within the delivery, keep the order")
  func holdAgain() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      asked.recorder.onBatch = { asked.transfer.hold() }
      try peer.send(.head(1), .data(1, "a"))
      try peer.send(.data(1, "b"))
      for text in ["c", "d", "e"] {
        asked.transfer.release()
        try peer.channel.writeInbound(ByteBuffer(bytes: Frame.data(1, text).bytes))
        bench.loop.run()
      }
      asked.transfer.release()
      try peer.channel.writeInbound(ByteBuffer(bytes: Frame.data(1, "", isEnd: true).bytes))
      bench.loop.run()
      asked.transfer.release()
      bench.loop.run()
      #expect(asked.isOver && asked.reply.text == "abcde" && asked.reply.failure == nil)
    }
  }

  @Test("a new connection takes a request, whatever the upstream allowed on the last")
  func noStreams() throws {
    try HTTP2Bench.with { bench in
      let closed = try bench.connect([(3, 0)])
      #expect(!closed.connection.takesStreams)
      let fresh = try HTTP2Bench.Peer(bench)
      #expect(fresh.connection.takesStreams)
    }
  }

  @Test("requests that never left go elsewhere when the connection is cut")
  func unsent() throws {
    try HTTP2Bench.with { bench in
      let peer = try HTTP2Bench.Peer(bench)
      peer.channel.isWritable = false
      let asked = try bench.ask()
      let next = try bench.connect()
      peer.channel.close(promise: nil)
      bench.loop.run()
      #expect(try next.requests() == [1])
      try next.send(.head(1, flags: Frame.endHeaders | Frame.endStream))
      #expect(asked.isOver && asked.reply.failure == nil)
    }
  }

  @Test("informational heads have a bound together")
  func informational() throws {
    try HTTP2Bench.with { bench in
      let peer = try bench.connect()
      let asked = try bench.ask()
      let early = Frame.head(1, [(":status", "103"), ("link", String(repeating: "l", count: 8_000))])
      for _ in 0..<40 where !asked.isOver { try peer.send(early) }
      #expect(asked.reply.failure == .protocolError && peer.channel.isActive)
    }
  }

  @Test("no more connections are kept than are of use")
  func surplus() throws {
    try HTTP2Bench.with { bench in
      let peers = try (0..<12).map { _ in try bench.connect([(3, 1)]) }
      let asked = try peers.map { _ in try bench.ask() }
      for peer in peers {
        #expect(try peer.requests() == [1])
        try peer.send(.head(1, flags: Frame.endHeaders | Frame.endStream))
      }
      #expect(asked.allSatisfy { $0.isOver && $0.reply.failure == nil })
      #expect(peers.count { $0.channel.isActive } == 8)
    }
  }

  @Test("a new connection begins with as many requests as the upstream allowed on the last")
  func remembered() throws {
    try HTTP2Bench.with { bench in
      _ = try bench.connect([(3, 2)])
      let fresh = try HTTP2Bench.Peer(bench)
      _ = try (0..<4).map { _ in try bench.ask() }
      #expect(try fresh.requests() == [1, 3])
      #expect(!fresh.connection.takesStreams)
      try fresh.send(Frame.settings([(3, 3)]))
      #expect(fresh.connection.takesStreams)
    }
  }

  @Test("many promises that nobody wants do not pile up")
  func promises() throws {
    try HTTP2Bench.with { bench in
      let peer = try HTTP2Bench.Peer(bench)
      let asked = try bench.ask()
      _ = try peer.requests()
      peer.channel.isWritable = false
      try peer.send(Frame.settings())
      var id: UInt32 = 2
      for _ in 0..<20_000 where peer.channel.isActive {
        try peer.send(Frame(type: Frame.push, flags: 4, stream: 1, payload: Frame.number(id)))
        id += 2
      }
      #expect(!peer.channel.isActive)
      _ = asked
    }
  }
}
