import NIOCore
import NIOHTTP1

/// One connection of the admin listener: collects a request, asks the routes, writes the answer. Lives on the admin
/// event loop.
final class AdminHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Control requests are small; what is longer is cut off here and refused.
  private static let maximumBodyBytes = 64 * 1024

  private let routes: AdminRoutes
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var isTooLarge = false

  init(routes: AdminRoutes) { self.routes = routes }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
      isTooLarge = false
    case .body(var part):
      isTooLarge = isTooLarge || body.readableBytes + part.readableBytes > Self.maximumBodyBytes
      if !isTooLarge { body.writeBuffer(&part) }
    case .end:
      guard let head else { return }
      self.head = nil
      // Who asks on and takes no reply would have them pile up here.
      guard context.channel.isWritable else { return context.close(promise: nil) }
      answer(head, context: context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    guard !isTooLarge else {
      write(.text(413, "The request's body is too large.\n"), for: head, context: context)
      return
    }
    let request = AdminRequest(
      head: head, peer: "admin \(context.remoteAddress?.ipAddress ?? "unknown")", body: Array(body.readableBytesView))
    switch routes.answer(request) {
    case .now(let reply): write(reply, for: head, context: context)
    case .later(let reply):
      reply.hop(to: context.eventLoop).assumeIsolated().whenComplete { result in
        switch result {
        case .success(let reply): self.write(reply, for: head, context: context)
        case .failure: context.close(promise: nil)
        }
      }
    }
  }

  private func write(_ reply: AdminReply, for request: HTTPRequestHead, context: ChannelHandlerContext) {
    var headers = HTTPHeaders([("content-type", reply.contentType), ("content-length", String(reply.body.count))])
    headers.add(name: "cache-control", value: "no-store")
    headers.add(name: "x-content-type-options", value: "nosniff")
    for (name, value) in reply.fields { headers.add(name: name, value: value) }
    let closes = !request.isKeepAlive || routes.isLeaving
    if closes { headers.add(name: "connection", value: "close") }
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
    }
    let done = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: done)
    if closes {
      done.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
  }
}
