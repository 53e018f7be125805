import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A running simulator of OpenRouter's API. Safe from any thread.
public final class Simulator: Sendable {
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup

  /// The address it listens on, as asked for.
  public let host: String
  /// The port it really listens on.
  public let port: Int
  /// The API's base URL, `http://127.0.0.1:8788/api/v1`.
  public let url: String
  /// With TLS the certificate to trust.
  public let certificatePEM: String?

  private init(
    channel: any Channel, group: MultiThreadedEventLoopGroup, host: String, certificatePEM: String?
  ) {
    self.channel = channel
    self.group = group
    self.host = host
    port = channel.localAddress?.port ?? 0
    self.certificatePEM = certificatePEM
    let authority = host.contains(":") ? "[\(host)]" : host
    url = "\(certificatePEM == nil ? "http" : "https")://\(authority):\(port)/api/v1"
  }

  /// Listens, and returns once it does. Blocks; not to be called on an event loop.
  ///
  /// Throws `FaultSpecError` for faults that cannot be read, and the socket's error when the address cannot
  /// be listened on.
  public static func start(_ options: SimulatorOptions) throws -> Simulator {
    let world = World(key: options.key)
    if let faults = options.faults { world.faults.set(try Fault.parse(faults, allowingShares: true)) }
    let certificate = options.tls ? try SelfSignedCertificate() : nil
    let tls = try certificate.map { try NIOSSLContext(configuration: $0.serverConfiguration()) }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, options.threads))
    do {
      let channel = try ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 4096)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try Simulator.configure(channel.pipeline.syncOperations, world: world, tls: tls)
          }
        }
        .bind(host: options.host, port: options.port)
        .wait()
      return Simulator(
        channel: channel, group: group, host: options.host, certificatePEM: certificate?.pem)
    } catch {
      group.shutdownGracefully { _ in }
      throw error
    }
  }

  private static func configure(
    _ pipeline: ChannelPipeline.SynchronousOperations, world: World, tls: NIOSSLContext?
  ) throws {
    try pipeline.addHandler(TransportCloser())
    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
    try pipeline.addHandler(ExchangeHandler(world: world))
  }

  /// The line that `weir simulate` prints when it listens.
  public var listeningLine: String {
    let authority = host.contains(":") ? "[\(host)]" : host
    let line: JSON = [
      "event": "listening", "address": .string("\(authority):\(port)"), "url": .string(url),
    ]
    return String(decoding: line.encoded(), as: UTF8.self)
  }

  /// Returns when the simulator has stopped listening.
  public func untilStopped() async {
    // The close future fails only when closing did, and then it is closed as well.
    try? await channel.closeFuture.get()
  }

  /// Closes the listener and every connection, and ends the threads.
  public func stop() async {
    try? await channel.close()
    try? await group.shutdownGracefully()
  }
}
