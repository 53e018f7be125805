import NIOCore

/// Tells when every event loop has ended the turn that it is in. An exchange is recorded within the turn that sends the
/// reply's last bytes, but behind them: so whoever asks for the record passes here first, and finds all that clients have
/// read by then. Any thread may use it.
struct LoopBarrier: Sendable {
  private let loops: [any EventLoop]

  init(_ group: any EventLoopGroup) { loops = Array(group.makeIterator()) }

  /// Succeeds on `eventLoop`; a loop that has stopped keeps nobody waiting.
  func passed(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    .andAllComplete(loops.map { $0.submit {} }, on: eventLoop)
  }
}
