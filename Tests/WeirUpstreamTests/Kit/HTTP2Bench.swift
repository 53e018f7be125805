import NIOCore
import NIOEmbedded
import Testing

@testable import WeirUpstream

/// A frame of HTTP/2 (RFC 9113, section 4.1).
struct Frame: Equatable {
  static let (data, headers, priority, reset, settings, push, ping, goAway, windowUpdate, continuation) =
    (UInt8(0), UInt8(1), UInt8(2), UInt8(3), UInt8(4), UInt8(5), UInt8(6), UInt8(7), UInt8(8), UInt8(9))
  static let (endStream, ack, endHeaders, padded) = (UInt8(1), UInt8(1), UInt8(4), UInt8(8))

  var type: UInt8
  var flags: UInt8 = 0
  var stream: Int32 = 0
  var payload: [UInt8] = []

  var isEndOfStream: Bool { type <= Frame.headers && flags & Frame.endStream != 0 }
  var text: String { String(decoding: payload, as: UTF8.self) }

  var bytes: [UInt8] {
    let length = payload.count
    let head = [UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 8)]
    return head + [UInt8(truncatingIfNeeded: length), type, flags] + Frame.number(UInt32(bitPattern: stream)) + payload
  }

  static func number(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// A head, each field as a literal that no table keeps (RFC 7541, section 6.2.2).
  static func head(
    _ stream: Int32, _ fields: [(String, String)] = [(":status", "200")], flags: UInt8 = Frame.endHeaders
  ) -> Frame {
    Frame(type: headers, flags: flags, stream: stream, payload: block(fields))
  }

  static func block(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { [0] + literal($0.0) + literal($0.1) }
  }

  private static func literal(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
    var (length, rest) = ([UInt8(127)], bytes.count - 127)
    while rest >= 128 {
      length.append(UInt8(rest % 128) | 128)
      rest /= 128
    }
    return length + [UInt8(rest)] + bytes
  }

  static func data(_ stream: Int32, _ text: String, isEnd: Bool = false) -> Frame {
    Frame(type: data, flags: isEnd ? endStream : 0, stream: stream, payload: Array(text.utf8))
  }

  static func reset(_ stream: Int32, _ code: UInt32) -> Frame {
    Frame(type: reset, stream: stream, payload: number(code))
  }

  static func goAway(last: Int32, _ code: UInt32 = 0) -> Frame {
    Frame(type: goAway, payload: number(UInt32(bitPattern: last)) + number(code))
  }

  static func settings(_ values: [(UInt16, UInt32)] = []) -> Frame {
    Frame(
      type: settings,
      payload: values.flatMap {
        [UInt8(truncatingIfNeeded: $0.0 >> 8), UInt8(truncatingIfNeeded: $0.0)] + number($0.1)
      })
  }

  static func windowUpdate(_ stream: Int32, _ bytes: UInt32) -> Frame {
    Frame(type: windowUpdate, stream: stream, payload: number(bytes))
  }
}

/// HTTP/2 connections to one upstream that the test plays, frame by frame, on an event loop that the test turns.
final class HTTP2Bench {
  let loop = EmbeddedEventLoop()
  let origin = OriginConnections()
  let engine: DirectEngine

  /// Takes no part: its place stands for that of TLS.
  private final class Place: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
  }

  /// One connection, from the upstream's side.
  final class Peer {
    let channel: EmbeddedChannel
    let connection: HTTP2Connection
    private var received: [UInt8] = []
    private var hasPreface = false

    init(_ bench: HTTP2Bench) throws {
      channel = EmbeddedChannel(loop: bench.loop)
      let place = Place()
      try channel.pipeline.syncOperations.addHandler(place)
      connection = HTTP2Connection(
        home: bench.origin, engine: bench.engine, secured: try channel.pipeline.syncOperations.context(handler: place))
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 443)).wait()
      try channel.pipeline.syncOperations.addHandler(connection)
      bench.origin.add(connection)
    }

    func send(_ frames: Frame...) throws { try send(bytes: frames.flatMap(\.bytes)) }

    func send(bytes: [UInt8]) throws {
      guard channel.isActive else { return }
      try channel.writeInbound(ByteBuffer(bytes: bytes))
      channel.embeddedEventLoop.run()
    }

    /// Frames that came since the last time.
    func frames() throws -> [Frame] {
      channel.embeddedEventLoop.run()
      while let part = try channel.readOutbound(as: ByteBuffer.self) { received += part.readableBytesView }
      if !hasPreface, received.count >= 24 {
        #expect(String(decoding: received.prefix(24), as: UTF8.self) == "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        received.removeFirst(24)
        hasPreface = true
      }
      var frames: [Frame] = []
      while received.count >= 9 {
        let length = Int(received[0]) << 16 | Int(received[1]) << 8 | Int(received[2])
        guard received.count >= 9 + length else { break }
        let stream = received[5..<9].reduce(Int32(0)) { $0 << 8 | Int32($1) }
        frames.append(
          Frame(type: received[3], flags: received[4], stream: stream, payload: Array(received[9..<9 + length])))
        received.removeFirst(9 + length)
      }
      return frames
    }

    /// The streams whose requests came since the last time.
    func requests() throws -> [Int32] { try frames().filter { $0.type == Frame.headers }.map(\.stream) }
  }

  init() { engine = DirectEngine(eventLoop: loop, settings: EngineSettings()) }

  /// Runs a test with a bench, and clears away behind it.
  static func with(_ test: (HTTP2Bench) throws -> Void) throws {
    let bench = HTTP2Bench()
    defer {
      bench.engine.shutDown()
      bench.origin.closeAll()
      bench.loop.run()
    }
    try test(bench)
  }

  /// A connection whose upstream has said hello.
  func connect(_ settings: [(UInt16, UInt32)] = []) throws -> Peer {
    let peer = try Peer(self)
    try peer.send(Frame.settings(settings), Frame(type: Frame.settings, flags: Frame.ack))
    _ = try peer.frames()
    return peer
  }

  /// A request and what becomes of it.
  final class Asked {
    let transfer: DirectTransfer
    let recorder: ReplyRecorder
    private let promise: EventLoopPromise<RecordedReply>

    init(_ bench: HTTP2Bench, _ method: String, _ body: RequestBody, firstByte: Int64) throws {
      promise = bench.loop.makePromise()
      recorder = ReplyRecorder(promise)
      transfer = DirectTransfer(engine: bench.engine)
      transfer.prepare(for: try #require(DirectAddress("https://up.test/v1/x") { _ in bench.origin }))
      let second: Int64 = 1_000_000_000
      transfer.begin(
        method: method, url: "https://up.test/v1/x", body: body,
        timeouts: PhaseTimeouts(connect: second, firstByte: firstByte, idle: 600 * second, total: 600 * second),
        expectsStream: false, receiver: recorder)
      bench.loop.run()
    }

    deinit { promise.fail(CancellationError()) }

    var reply: RecordedReply { recorder.reply }
    var isOver: Bool { promise.futureResult.isFulfilled }
  }

  func ask(_ method: String = "GET", _ body: RequestBody = .none, firstByte: Int64 = 600_000_000_000) throws -> Asked {
    try Asked(self, method, body, firstByte: firstByte)
  }
}

extension EventLoopFuture {
  fileprivate var isFulfilled: Bool {
    var isFulfilled = false
    assumeIsolated().whenComplete { _ in isFulfilled = true }
    return isFulfilled
  }
}
