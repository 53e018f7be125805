import NIOCore

/// libcurl's single timer. Requests change far more often than they fire, so a scheduled task that is early enough
/// stays, and looks again when it fires. Lives on one event loop.
struct EngineTimer {
  /// libcurl wants to run at once.
  var isDueNow = false
  /// When libcurl wants to run, in nanoseconds of the loop's clock; nil when it does not.
  private var deadline: Int64?
  private var task: Scheduled<Void>?
  private var taskDeadline: Int64 = .max

  /// Takes libcurl's wish (CURLMOPT_TIMERFUNCTION): -1 removes the timer, 0 means now.
  mutating func request(milliseconds: Int, now: Int64) {
    isDueNow = milliseconds == 0
    deadline = milliseconds > 0 ? now + Int64(clamping: milliseconds) * 1_000_000 : nil
  }

  /// Whether there is a deadline that no task is early enough for.
  var wantsTask: Bool { deadline.map { $0 < taskDeadline } ?? false }

  /// Makes sure that a task fires no later than the deadline.
  mutating func arm(on eventLoop: any EventLoop, now: Int64, _ fire: @escaping () -> Void) {
    guard let deadline, deadline < taskDeadline else { return }
    task?.cancel()
    taskDeadline = deadline
    task = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(deadline - now, 0)), fire)
  }

  /// The task fired: libcurl runs now if its deadline has come.
  mutating func fired(now: Int64) {
    task = nil
    taskDeadline = .max
    guard let deadline, deadline <= now else { return }
    self.deadline = nil
    isDueNow = true
  }

  mutating func cancel() {
    task?.cancel()
    task = nil
    taskDeadline = .max
    deadline = nil
  }
}
