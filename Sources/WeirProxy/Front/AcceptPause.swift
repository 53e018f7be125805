import Logging
import NIOCore

/// Rests a listener that has no descriptor or memory for another connection, instead of failing over and over.
///
/// NIO's own `AcceptBackoffHandler` does not do it where the first accept of a round fails: the listener then stays
/// registered for reading and wakes its loop at once, again and again.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = any Channel

  /// How long it rests before it tries again.
  static let rest = TimeAmount.milliseconds(100)
  /// A lasting shortage is logged this often.
  private static let logInterval = TimeAmount.seconds(10)

  private let logger: Logger
  private var resumption: Scheduled<Void>?
  private var nextLog: NIODeadline?

  init(logger: Logger) { self.logger = logger }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is IOError else { return context.fireErrorCaught(error) }
    log(error)
    guard resumption == nil, let options = context.channel.syncOptions else { return }
    try? options.setOption(.autoRead, value: false)
    let channel = context.channel
    resumption = context.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) { [weak self] in
      self?.resumption = nil
      try? channel.syncOptions?.setOption(.autoRead, value: true)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    resumption?.cancel()
    resumption = nil
    context.fireChannelInactive()
  }

  private func log(_ error: any Error) {
    let now = NIODeadline.now()
    if let nextLog, now < nextLog { return }
    nextLog = now + Self.logInterval
    logger.warning(
      "connections wait: the listener rests",
      metadata: [
        "reason": "\(error)", "remedy": "raise ulimit -n or lower WEIR_MAX_CONNECTIONS",
      ])
  }
}
