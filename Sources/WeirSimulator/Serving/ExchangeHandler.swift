import NIOCore
import NIOHTTP1

/// Serves the requests of one connection, one after the other. Lives on its channel's event loop.
///
/// Reading goes on while a reply is under way, so that a client that leaves is noticed at once; requests
/// that come early wait in a bounded queue.
final class ExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  static let mostBodyBytes = 256 * 1024 * 1024
  /// Parts of pipelined requests that may wait before the connection is given up.
  private static let mostQueuedParts = 4096

  private let world: World
  private var exchange: Exchange?
  private var queue: [HTTPServerRequestPart] = []
  private var isCounted = false
  private var isPumping = false
  private var timer: Scheduled<Void>?

  init(world: World) { self.world = world }

  func channelActive(context: ChannelHandlerContext) {
    world.totals.update { $0.openConnections += 1 }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = Self.unwrapInboundIn(data)
    if exchange?.hasWholeRequest ?? false || !queue.isEmpty {
      queue.append(part)
      if queue.count > ExchangeHandler.mostQueuedParts { abort(context, isReset: false) }
    } else {
      accept(part, context)
    }
  }

  private func accept(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    switch part {
    case .head(let head): begin(head, context)
    case .body(let bytes):
      exchange?.request.append(bytes)
      if let size = exchange?.request.body.readableBytes, size > ExchangeHandler.mostBodyBytes {
        refuse(413, context)
      }
    case .end:
      exchange?.hasWholeRequest = true
      exchange?.keepBody(in: world)
      if exchange?.script == nil {
        exchange?.answer(in: world)
        pump(context)
      } else if exchange?.hasReplied ?? false {
        // An early reply went out before the request was read; only now may the next one begin.
        exchange = nil
      }
    }
  }

  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let started = Exchange(head, in: world)
    if started.record != nil, !isCounted {
      isCounted = true
      world.totals.update { $0.connections += 1 }
    }
    exchange = started
    if started.request.faults.early != nil {
      exchange?.answer(in: world)
      pump(context)
    } else if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
      let go = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
      context.writeAndFlush(Self.wrapOutboundOut(go), promise: nil)
    }
  }

  /// Performs the script's steps for as long as the client takes the bytes.
  private func pump(_ context: ChannelHandlerContext) {
    if isPumping { return }
    isPumping = true
    defer { isPumping = false }
    var steps = 0
    while exchange != nil, timer == nil, context.channel.isActive {
      guard context.channel.isWritable else {
        context.flush()
        if !context.channel.isWritable { return }
        continue
      }
      steps += 1
      if steps > 2000 {
        // Other connections of this loop have their turn.
        context.flush()
        wait(.nanoseconds(0), context)
        return
      }
      guard let step = exchange?.nextStep() else { break }
      perform(step, context)
    }
    context.flush()
  }

  private func perform(_ step: ReplyScript.Step, _ context: ChannelHandlerContext) {
    switch step {
    case .write(let bytes):
      context.write(Self.wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    case .eventSent: exchange?.countEvent()
    case .wait(let milliseconds):
      context.flush()
      wait(.milliseconds(Int64(milliseconds)), context)
    case .silence: context.flush()
    case .abort(let isReset): abort(context, isReset: isReset)
    case .finish(let keepsConnection): finish(keepsConnection: keepsConnection, context)
    }
  }

  private func wait(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
      self?.timer = nil
      self?.pump(context)
    }
  }

  private func finish(keepsConnection: Bool, _ context: ChannelHandlerContext) {
    exchange?.end(.complete, isWhole: true, in: world)
    guard keepsConnection else {
      exchange = nil
      context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()))
        .assumeIsolated().whenComplete { _ in context.close(promise: nil) }
      return
    }
    if exchange?.hasWholeRequest ?? true {
      exchange = nil
      let waiting = queue
      queue = []
      for part in waiting {
        if exchange?.hasWholeRequest ?? false { queue.append(part) } else { accept(part, context) }
      }
    }
  }

  /// Ends the connection in the middle; what is written so far goes out first.
  private func abort(_ context: ChannelHandlerContext, isReset: Bool) {
    exchange?.end(.complete, isWhole: false, in: world)
    exchange = nil
    queue = []
    context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()))
      .assumeIsolated().whenComplete { _ in
        context.pipeline.syncOperations.closeTransport(isReset: isReset)
      }
  }

  private func refuse(_ status: Int, _ context: ChannelHandlerContext) {
    let text = "HTTP/1.1 \(status) \(reasonPhrase(status))\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    context.write(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    abort(context, isReset: false)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, timer == nil { pump(context) }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    world.totals.update { $0.openConnections -= 1 }
    leave()
    context.fireChannelInactive()
  }

  /// The client is gone: whatever was under way, and whatever waited, is cancelled.
  private func leave() {
    timer?.cancel()
    timer = nil
    exchange?.end(.cancelled, isWhole: false, in: world)
    exchange = nil
    for case .head(let head) in queue {
      var never = Exchange(head, in: world)
      never.end(.cancelled, isWhole: false, in: world)
    }
    queue = []
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is HTTPParserError, exchange == nil {
      refuse(400, context)
    } else {
      context.close(promise: nil)
    }
  }
}
