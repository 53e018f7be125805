public import NIOCore

/// Has deadlines looked at as often as the most pressing of them needs, for as long as there are any. Lives on one event
/// loop.
///
/// A look that comes late by more than it should take is left out, once: the process stood still (stopped, frozen, without
/// a processor), and what came meanwhile waits in the sockets. It is read first, of which one turn of the event loop may
/// not see to everything.
public final class DeadlineSweep {
  private let eventLoop: any EventLoop
  /// Looks at them all; false once there are none.
  private let look: () -> Bool
  private var interval: Int64 = .max
  private var task: Scheduled<Void>?
  private var due = NIODeadline.distantFuture
  private var wasLate = false

  /// - Parameter look: looks at all deadlines; false once there are none.
  public init(on eventLoop: any EventLoop, _ look: @escaping () -> Bool) {
    self.eventLoop = eventLoop
    self.look = look
  }

  /// There is one more, which needs a look as often as this, in nanoseconds.
  public func start(interval: Int64) {
    guard task == nil || interval < self.interval else { return }
    task?.cancel()
    self.interval = interval
    due = eventLoop.now + .nanoseconds(interval)
    task = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(interval)) { [weak self] in self?.fire() }
  }

  /// Looks no more.
  public func cancel() {
    task?.cancel()
    task = nil
    interval = .max
  }

  private func fire() {
    task = nil
    let interval = interval
    self.interval = .max
    // Never twice in a row: an event loop that is always late has its deadlines too.
    let isLate = !wasLate && eventLoop.now - due > .nanoseconds(interval)
    wasLate = isLate
    if isLate || look() { start(interval: interval) }
  }
}
