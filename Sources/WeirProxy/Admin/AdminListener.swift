import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import WeirConfiguration

/// Serves metrics, health and control on an event loop of its own, so that a large scrape delays no request.
struct AdminListener {
  let channel: any Channel

  static func bind(
    _ address: ListenAddress, _ socket: ListenerSocket, group: MultiThreadedEventLoopGroup,
    routes: AdminRoutes, logger: Logger
  ) async throws -> AdminListener {
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
          try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(30)))
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(AdminHandler(routes: routes))
        }
      }
      .listen(on: address, socket).get()
    return AdminListener(channel: channel)
  }

  var port: Int { channel.localAddress?.port ?? 0 }
}
