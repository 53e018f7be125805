import NIOCore

/// Has deadlines looked at as often as the most pressing of them needs, for as long as there are any. Lives on one event
/// loop.
final class DeadlineSweep {
  private let eventLoop: any EventLoop
  /// Looks at them all; false once there are none.
  private let look: () -> Bool
  private var interval: Int64 = .max
  private var task: Scheduled<Void>?

  init(on eventLoop: any EventLoop, _ look: @escaping () -> Bool) {
    self.eventLoop = eventLoop
    self.look = look
  }

  /// There is one more, which needs a look as often as this, in nanoseconds.
  func start(interval: Int64) {
    guard task == nil || interval < self.interval else { return }
    task?.cancel()
    self.interval = interval
    task = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(interval)) { [weak self] in self?.fire() }
  }

  func cancel() {
    task?.cancel()
    task = nil
    interval = .max
  }

  private func fire() {
    task = nil
    let interval = interval
    self.interval = .max
    if look() { start(interval: interval) }
  }
}
