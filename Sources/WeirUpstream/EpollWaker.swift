import Glibc
import NIOCore

/// Wakes an event loop when an epoll has something, once for each time that it is armed: by a thread at first, by the
/// kernel itself once `useAlarm` has found that it can. Lives on that event loop.
final class EpollWaker {
  private let watched: CInt
  private let eventLoop: any EventLoop
  private let handle: @Sendable () -> Void
  private var thread: EpollThread?
  private var alarm: EpollAlarm?
  private var isStopped = false

  /// Armed at first. `handle` runs on `eventLoop`.
  init(
    watching watched: CInt, eventLoop: any EventLoop, _ handle: @escaping @Sendable () -> Void
  ) throws {
    self.watched = watched
    self.eventLoop = eventLoop
    self.handle = handle
    thread = try EpollThread(watching: watched, eventLoop: eventLoop, handle)
  }

  /// Wakes the loop once more, now or as soon as the epoll has something.
  func arm() {
    if let thread { return thread.arm() }
    guard let alarm, !alarm.arm() else { return }
    giveUpAlarm()
  }

  /// Ends what waits for the epoll. Once.
  func stop() {
    isStopped = true
    thread?.stop()
    thread = nil
    alarm?.stop()
    alarm = nil
  }

  /// Lets the kernel wake the loop instead of a thread, where it can. Not to be called on an event loop.
  static func useAlarm(_ waker: NIOLoopBound<EpollWaker>) async throws {
    let loop = waker.eventLoop
    let descriptor = try await loop.submit { waker.value.makeAlarm() }.get()
    guard let descriptor else { return }
    let handle = try await loop.submit { waker.value.handle }.get()
    do {
      let channel = try await EpollAlarm.pipe(
        descriptor, on: loop, handle: handle, lost: { waker.value.giveUpAlarm() })
      try await loop.submit { waker.value.changeOver(to: channel) }.get()
    } catch {
      try await loop.submit { waker.value.alarm = nil }.get()
    }
  }

  private func makeAlarm() -> CInt? {
    guard !isStopped else { return nil }
    alarm = EpollAlarm(watching: watched)
    return alarm?.descriptor
  }

  private func changeOver(to channel: any Channel) {
    guard let alarm, !isStopped else { return channel.close(promise: nil) }
    alarm.isRead(by: channel)
    thread?.stop()
    thread = nil
    arm()
  }

  /// The kernel refused, or the loop reads the alarm no more: a thread does it again.
  private func giveUpAlarm() {
    guard !isStopped, thread == nil else { return }
    let lost = alarm
    alarm = nil
    // First, since the end of the alarm's channel comes back here.
    thread = try? EpollThread(watching: watched, eventLoop: eventLoop, handle)
    lost?.stop()
    // The system may have no thread or no descriptor for it; nothing would wake the loop for its upstreams any more.
    if thread == nil {
      eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.giveUpAlarm() }
    }
  }
}
