import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import WeirConfiguration

/// Serves metrics, health and control on an event loop of its own, so that a large scrape delays no request.
struct AdminListener {
  let channel: any Channel

  /// Those who scrape, probe and look are few. One connection more is closed.
  static let maximumConnections = 256
  /// A browser may send what it has of cookies for this name.
  private static let maximumHeadBytes = 64 * 1024

  static func bind(
    _ address: ListenAddress, _ socket: ListenerSocket, group: MultiThreadedEventLoopGroup,
    routes: AdminRoutes, logger: Logger
  ) async throws -> AdminListener {
    let connections = Allowance(bound: maximumConnections)
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger), position: .first)
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          guard connections.take() else { return try pipeline.addHandler(TurnsAway()) }
          channel.closeFuture.whenComplete { _ in connections.giveBack() }
          var limits = NIOHTTPDecoderLimitConfiguration()
          limits.maxHeaderFieldSize = maximumHeadBytes
          limits.maxHeaderListSize = maximumHeadBytes
          try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(30)))
          try pipeline.configureHTTPServerPipeline(
            withErrorHandling: true, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
          try pipeline.addHandler(AdminHandler(routes: routes))
        }
      }
      .listen(on: address, socket).get()
    return AdminListener(channel: channel)
  }

  var port: Int { channel.localAddress?.port ?? 0 }
}

/// Closes a connection as soon as it is there.
private final class TurnsAway: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }
}
