import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Finds an upstream and connects to it, with TLS where it wants that, within one time-out for all. Lives on one event
/// loop.
final class ConnectAttempt {
  private let address: DirectAddress
  private let engine: DirectEngine
  private let deadline: NIODeadline
  private var timer: Scheduled<Void>?
  /// Under way to the upstream's addresses.
  private var opening: [any Channel] = []
  /// The place of TLS in the channel that has connected.
  private var secured: ChannelHandlerContext?
  /// Says whether it takes the connection.
  private var done: ((Result<OpenConnection, TransferFailure>) -> Bool)?

  /// How long a connection is silent before the kernel asks whether its other end is there; libcurl's measure.
  private static let keepAliveSeconds = 60

  /// - Parameter timeout: in nanoseconds, from now.
  init(to address: DirectAddress, timeout: Int64, engine: DirectEngine) {
    self.address = address
    self.engine = engine
    deadline = .now() + .nanoseconds(timeout)
  }

  /// Calls `done` once on the loop, later than now unless the address is known and the kernel has no descriptor. A
  /// connection that it does not take is closed.
  func start(_ done: @escaping (Result<OpenConnection, TransferFailure>) -> Bool) {
    self.done = done
    timer = engine.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.end(.failure(TransferFailure(kind: .connectTimeout, reason: "the connection was not there in time")))
    }
    engine.hosts.find(address.origin, now: engine.now()) { answer in
      switch answer {
      case .success(let addresses): self.connect(to: addresses)
      case .failure(let failure): self.end(.failure(failure))
      }
    }
  }

  /// Nobody waits for the connection any more.
  func abandon() {
    done = nil
    stop()
  }

  /// A connection that does not come about would otherwise hold its descriptor until the time-out.
  private func stop() {
    timer?.cancel()
    timer = nil
    let channels = opening
    opening = []
    for channel in channels { channel.close(promise: nil) }
    // TLS would wait for the upstream's part of the end.
    secured?.close(promise: nil)
    secured = nil
  }

  private func connect(to addresses: [SocketAddress]) {
    guard done != nil else { return }
    let bound = NIOLoopBound(self, eventLoop: engine.eventLoop)
    let bootstrap = ClientBootstrap(group: engine.eventLoop)
      .connectTimeout(max(deadline - .now(), .milliseconds(1)))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: Self.keepAliveSeconds)
      .channelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: Self.keepAliveSeconds)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try bound.value.setUp(channel)
        }
      }
    let connected =
      if addresses.count == 1, let address = addresses.first {
        bootstrap.connect(to: address)
      } else {
        bootstrap.resolver(KnownAddresses(addresses: addresses, eventLoop: engine.eventLoop))
          .connect(host: address.origin.host, port: address.origin.port)
      }
    connected.assumeIsolated().whenComplete { result in
      switch result {
      case .success(let channel): self.connected(channel)
      case .failure(let error): self.end(.failure(TransferFailure(connecting: error)))
      }
    }
  }

  private func setUp(_ channel: any Channel) throws {
    // Where one address fails, the next is tried, which nobody may want any more.
    guard done != nil else { throw CancellationError() }
    opening.append(channel)
    if address.origin.isSecure {
      // Until there is somebody who takes what comes.
      try channel.syncOptions?.setOption(.autoRead, value: false)
    } else {
      try channel.syncOptions?.setOption(.recvAllocator, value: ConnectionReads(engine.reads))
      try channel.pipeline.syncOperations.addHandler(
        DirectConnection(home: address.connections.idle, engine: engine, secured: nil))
    }
  }

  private func connected(_ channel: any Channel) {
    if address.origin.isSecure { return secure(channel) }
    guard let connection = try? channel.pipeline.syncOperations.handler(type: DirectConnection.self), channel.isActive
    else {
      channel.close(promise: nil)
      end(.failure(TransferFailure(kind: .closedBeforeReply, reason: "the connection closed before the reply began")))
      return
    }
    if !end(.success(.http1(connection))) { channel.close(promise: nil) }
  }

  // MARK: TLS

  private func secure(_ channel: any Channel) {
    guard done != nil else { return channel.close(promise: nil) }
    do {
      let context = try UpstreamTLS.context(trusting: engine.certificateAuthorityFile)
      let tls = try NIOSSLClientHandler(context: context, serverHostname: address.serverName)
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(Handshake { self.shookHands($0, over: channel) })
      try pipeline.addHandler(tls, position: .first)
      secured = try pipeline.context(handler: tls)
      try channel.syncOptions?.setOption(.autoRead, value: true)
    } catch {
      channel.close(promise: nil)
      end(.failure(error as? TransferFailure ?? TransferFailure(securing: error)))
    }
  }

  private func shookHands(_ result: Result<String?, TransferFailure>, over channel: any Channel) {
    do throws(TransferFailure) {
      let agreed = try result.get()
      guard let secured, done != nil else { return stop() }
      let connection = add(agreed, over: channel, secured: secured)
      self.secured = nil
      if !end(.success(connection)) {
        channel.close(promise: nil)
        secured.close(promise: nil)
      }
    } catch {
      end(.failure(error))
    }
  }

  /// What speaks over the channel from now on.
  private func add(_ agreed: String?, over channel: any Channel, secured: ChannelHandlerContext) -> OpenConnection {
    let pipeline = channel.pipeline.syncOperations
    if agreed == "h2" {
      let connection = HTTP2Connection(home: address.connections, engine: engine, secured: secured)
      try? pipeline.addHandler(connection)
      return .http2(connection)
    }
    let connection = DirectConnection(home: address.connections.idle, engine: engine, secured: secured)
    try? pipeline.addHandler(connection)
    return .http1(connection)
  }

  /// Whether somebody took it.
  @discardableResult private func end(_ result: Result<OpenConnection, TransferFailure>) -> Bool {
    let done = done.take()
    // What has connected goes on; the others are closed already.
    if case .success = result { opening = [] }
    stop()
    return done?(result) ?? false
  }
}

extension TransferFailure {
  /// Reads what NIO says of a connection that did not come about.
  init(connecting error: any Error) {
    let errors = (error as? NIOConnectionError)?.connectionErrors.map(\.error) ?? [error]
    if errors.contains(where: { if case .connectTimeout = $0 as? ChannelError { true } else { false } }) {
      self.init(kind: .connectTimeout, reason: "the connection was not there in time")
    } else if let code = errors.lazy.compactMap({ ($0 as? IOError)?.errnoCode }).first(where: Self.isLocal) {
      let text = unsafe String(cString: strerror(code))
      self.init(kind: .local, reason: "the request could not be made (\(text))")
    } else {
      self.init(kind: .unreachable, reason: "the connection was refused or the network is down")
    }
  }

  /// Descriptors, memory and ports are weir's own trouble.
  private static func isLocal(_ code: CInt) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code) }
}
