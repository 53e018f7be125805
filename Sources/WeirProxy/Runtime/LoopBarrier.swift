import NIOCore
import Synchronization

/// Tells when every event loop has ended the turn that it is in. An exchange is recorded within the turn that sends the
/// reply's last bytes, but behind them: so whoever asks for the record passes here first, and finds all that clients have
/// read by then. Any thread may use it.
final class LoopBarrier: Sendable {
  private let loops: [any EventLoop]
  private let isOpen = Atomic<Bool>(false)

  init(_ group: any EventLoopGroup) { loops = Array(group.makeIterator()) }

  /// Succeeds on `eventLoop`.
  func passed(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    // What is given to a loop that has stopped is never done, and never fails.
    guard !loopsStop else { return eventLoop.makeSucceededVoidFuture() }
    return .andAllComplete(loops.map { $0.submit {} }, on: eventLoop)
  }

  /// The loops stop, with all that they had to record behind them: from here on nobody waits for them. To be called on the
  /// event loop of whoever would ask.
  func open() { isOpen.store(true, ordering: .relaxed) }

  /// Whether the loops stop, and may be given nothing to do.
  var loopsStop: Bool { isOpen.load(ordering: .relaxed) }
}
