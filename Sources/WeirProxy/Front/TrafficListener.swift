import Logging
import NIOCore
import NIOPosix
import WeirConfiguration

/// Accepts clients and gives each a pipeline on one of the event loops.
struct TrafficListener {
  let channel: any Channel

  /// The kernel's queue of connections that were not accepted yet.
  private static let backlog: CInt = 1024

  /// Binds; throws what the kernel says when the address is taken or not there.
  static func bind(
    _ address: ListenAddress, _ socket: ListenerSocket, group: MultiThreadedEventLoopGroup,
    loops: LoopDirectory, state: ProxyState,
    logger: Logger
  ) async throws -> TrafficListener {
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger), position: .first)
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let isOverLimit = !state.connections.take()
          if isOverLimit { state.connections.count() }
          let loop = loops.context(of: channel.eventLoop)
          let pipeline = channel.pipeline.syncOperations
          let reads = ClientReads()
          try channel.syncOptions?.setOption(.recvAllocator, value: reads)
          try pipeline.addHandler(ConnectionHandler(loop: loop, reads: reads, isOverLimit: isOverLimit))
        }
      }
      .listen(on: address, socket).get()
    return TrafficListener(channel: channel)
  }

  var port: Int { channel.localAddress?.port ?? 0 }
}
