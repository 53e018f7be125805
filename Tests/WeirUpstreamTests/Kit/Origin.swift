import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// What an origin saw. Any thread may use it.
final class Tally: Sendable {
  private let counters = Mutex(Counts())

  struct Counts: Sendable {
    /// Connections accepted.
    var opened = 0
    /// Of these, the ones that ended.
    var closed = 0
    /// Whole requests.
    var requests = 0
    /// Body bytes handed to the kernel.
    var sent = 0
  }

  var counts: Counts { counters.withLock { $0 } }

  func change(_ change: (inout Counts) -> Void) { counters.withLock { change(&$0) } }

  /// Waits for as long as it takes; the test's own time limit ends it.
  func wait(until isThere: @Sendable (Counts) -> Bool) async throws {
    while !isThere(counts) { try await Task.sleep(for: .milliseconds(1)) }
  }
}

/// A tiny server on an event loop of its own: what each connection does is up to the handlers that it is given.
struct Origin {
  let channel: any Channel
  let tally: Tally

  var port: Int { channel.localAddress?.port ?? 0 }
  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Answers with what it was asked: method, target and header lines, an empty line, the body.
  static func echo(on group: any EventLoopGroup) async throws -> Origin {
    try await start(on: group) { channel, tally in
      try channel.pipeline.syncOperations.configureHTTPServerPipeline()
      try channel.pipeline.syncOperations.addHandler(EchoHandler(tally: tally))
    }
  }

  /// Answers every request head with the same bytes, right or wrong as they are.
  static func scripted(on group: any EventLoopGroup, _ script: Script) async throws -> Origin {
    try await start(on: group) { channel, tally in
      try channel.pipeline.syncOperations.addHandler(ScriptHandler(script: script, tally: tally))
    }
  }

  static func start(
    on group: any EventLoopGroup, _ initialize: @escaping @Sendable (any Channel, Tally) throws -> Void
  ) async throws -> Origin {
    let tally = Tally()
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          tally.change { $0.opened += 1 }
          channel.closeFuture.whenComplete { _ in tally.change { $0.closed += 1 } }
          try initialize(channel, tally)
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return Origin(channel: channel, tally: tally)
  }
}

/// What a scripted origin does with a request.
enum Script: Sendable {
  /// Sends these bytes.
  case bytes(String)
  /// Sends these bytes for a connection's first request, and closes it at the next.
  case bytesOnce(String)
  /// Sends these bytes and closes the connection.
  case bytesThenClose(String)
  /// Sends the first bytes, then the others again and again, a pause of so many milliseconds between them.
  case drip(String, then: String, everyMilliseconds: Int)
  /// Sends a reply with a body of so many bytes, no faster than the client takes them.
  case flood(Int)
}

/// Follows a script. Lives on its connection's event loop.
private final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let script: Script
  private let tally: Tally
  private var request = ""
  private var left = 0
  private var answered = 0
  private var ticker: RepeatedTask?

  init(script: Script, tally: Tally) {
    self.script = script
    self.tally = tally
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    request += String(buffer: unwrapInboundIn(data))
    while let end = request.range(of: "\r\n\r\n") {
      request.removeSubrange(..<end.upperBound)
      tally.change { $0.requests += 1 }
      answer(context)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { flood(context) }

  func channelInactive(context: ChannelHandlerContext) { ticker?.cancel() }

  private func answer(_ context: ChannelHandlerContext) {
    switch script {
    case .bytes(let text): write(text, context)
    case .bytesOnce(let text):
      answered += 1
      if answered == 1 { write(text, context) } else { context.close(promise: nil) }
    case .bytesThenClose(let text):
      write(text, context)
      context.close(promise: nil)
    case .drip(let first, let next, let milliseconds):
      write(first, context)
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let pause = TimeAmount.milliseconds(Int64(milliseconds))
      ticker = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
        let (handler, context) = bound.value
        handler.write(next, context)
      }
    case .flood(let count):
      write("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n", context)
      left = count
      flood(context)
    }
  }

  private func flood(_ context: ChannelHandlerContext) {
    while left > 0, context.channel.isWritable {
      let count = min(left, 64 * 1024)
      left -= count
      tally.change { $0.sent += count }
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(repeating: UInt8(ascii: "x"), count: count)), promise: nil)
    }
  }

  private func write(_ text: String, _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
  }
}

/// Repeats the request. Lives on its connection's event loop.
private final class EchoHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let tally: Tally
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  init(tally: Tally) { self.tally = tally }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(var part): body.writeBuffer(&part)
    case .end:
      guard let head else { return }
      tally.change { $0.requests += 1 }
      answer(head, context)
    }
  }

  private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var text = "\(request.method.rawValue) \(request.uri)\n"
    for (name, value) in request.headers { text += "\(name): \(value)\n" }
    var echo = ByteBuffer(string: text + "\n")
    echo.writeBuffer(&body)
    let head = HTTPResponseHead(
      version: .http1_1, status: .ok, headers: ["Content-Length": String(echo.readableBytes), "X-Echo": "yes"])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(echo))), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}

extension String {
  /// Where `part` stands.
  fileprivate func range(of part: String) -> Range<Index>? { firstRange(of: part) }
}
