import CWeirCurl
import Glibc
import NIOCore
import WeirThreads

/// A thread that does nothing but wait until an epoll has something, and tell the event loop once. It costs two switches
/// between threads each time, and needs nothing of the kernel that is not everywhere.
@safe final class EpollThread: @unchecked Sendable {
  private let watched: CInt
  /// Holds the watched epoll, for one event.
  private let outer: CInt
  private let stopSignal: CInt
  private let stopped: UnsafeMutablePointer<sem_t>
  private let eventLoop: any EventLoop
  private let handle: @Sendable () -> Void

  /// Starts the thread, armed. `handle` runs on `eventLoop` once for each time that it was armed. Throws what the system
  /// refuses: a descriptor, or the thread.
  init(
    watching watched: CInt, eventLoop: any EventLoop, stackBytes: Int? = nil, _ handle: @escaping @Sendable () -> Void
  ) throws {
    self.watched = watched
    self.eventLoop = eventLoop
    self.handle = handle
    outer = epoll_create1(CInt(EPOLL_CLOEXEC))
    guard outer >= 0 else { throw DescriptorError(errno: errno) }
    stopSignal = eventfd(0, CInt(EFD_CLOEXEC))
    guard stopSignal >= 0 else {
      let code = errno
      close(outer)
      throw DescriptorError(errno: code)
    }
    unsafe stopped = .allocate(capacity: 1)
    unsafe sem_init(stopped, 0, 0)
    _ = weir_epoll_control(outer, EPOLL_CTL_ADD, stopSignal, EPOLLIN.rawValue)
    _ = weir_epoll_control(outer, EPOLL_CTL_ADD, watched, EPOLLIN.rawValue | EPOLLONESHOT.rawValue)
    try NamedThread.start("weir-waker", stackBytes: stackBytes) { self.wait() }
  }

  deinit {
    unsafe sem_destroy(stopped)
    unsafe stopped.deallocate()
    close(stopSignal)
    close(outer)
  }

  /// Tells the loop once more. Any thread.
  func arm() {
    _ = weir_epoll_control(outer, EPOLL_CTL_MOD, watched, EPOLLIN.rawValue | EPOLLONESHOT.rawValue)
  }

  /// Ends the thread and waits for it. Once.
  func stop() {
    var one: UInt64 = 1
    _ = unsafe write(stopSignal, &one, MemoryLayout<UInt64>.size)
    while unsafe sem_wait(stopped) != 0 {}
  }

  private func wait() {
    var event = unsafe epoll_event()
    while true {
      let count = unsafe epoll_wait(outer, &event, 1, -1)
      if count < 0 { if errno == EINTR { continue } else { break } }
      guard unsafe weir_event_descriptor(event) != stopSignal else { break }
      eventLoop.execute(handle)
    }
    unsafe sem_post(stopped)
  }
}
