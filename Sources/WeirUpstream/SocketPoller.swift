import CWeirCurl
import Glibc
import NIOCore

/// A thread that does nothing but wait in epoll for libcurl's sockets and tell the event loop which are ready.
///
/// The thread and the loop take turns: the thread posts what is ready, then waits until the loop has handled it.
/// So the list of ready sockets belongs to one of them at any time, and needs no lock. epoll is level-triggered:
/// what the loop leaves unread is reported again.
@safe final class SocketPoller: @unchecked Sendable {
  /// The most sockets reported at once; the rest follow in the next turn.
  private static let batch = 256

  private let epoll: CInt
  private let stopSignal: CInt
  private let handled: UnsafeMutablePointer<sem_t>
  private let stopped: UnsafeMutablePointer<sem_t>
  private let events: UnsafeMutablePointer<epoll_event>
  private var readyCount = 0
  private var isStopped = false

  /// Throws the error number when the kernel gives no epoll or event descriptor.
  init() throws(DescriptorError) {
    epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw DescriptorError(errno: errno) }
    stopSignal = eventfd(0, CInt(EFD_CLOEXEC))
    guard stopSignal >= 0 else {
      let code = errno
      close(epoll)
      throw DescriptorError(errno: code)
    }
    unsafe handled = .allocate(capacity: 1)
    unsafe stopped = .allocate(capacity: 1)
    unsafe events = .allocate(capacity: Self.batch)
    unsafe sem_init(handled, 0, 0)
    unsafe sem_init(stopped, 0, 0)
    _ = weir_epoll_control(epoll, EPOLL_CTL_ADD, stopSignal, EPOLLIN.rawValue)
  }

  deinit {
    unsafe sem_destroy(handled)
    unsafe sem_destroy(stopped)
    unsafe handled.deallocate()
    unsafe stopped.deallocate()
    unsafe events.deallocate()
    close(stopSignal)
    close(epoll)
  }

  /// Starts the thread. `handle` runs on `eventLoop` for every batch and must call `finishBatch()` at its end.
  func start(on eventLoop: any EventLoop, handle: @escaping @Sendable () -> Void) {
    let run = Run(poller: self, eventLoop: eventLoop, handle: handle)
    let context = unsafe Unmanaged.passRetained(run).toOpaque()
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let run = unsafe Unmanaged<Run>.fromOpaque(context).takeRetainedValue()
        run.poller.wait(run)
        return nil
      }, context)
    precondition(code == 0, "no thread can be started")
    pthread_detach(thread)
  }

  /// Watches a socket for reading, writing or both; event loop only.
  func watch(_ socket: CInt, read: Bool, write: Bool, isNew: Bool) {
    var mask: UInt32 = 0
    if read { mask |= EPOLLIN.rawValue }
    if write { mask |= EPOLLOUT.rawValue }
    if weir_epoll_control(epoll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, mask) == 0 { return }
    // The kernel forgets a closed descriptor by itself, and its number may come back before libcurl says so.
    _ = weir_epoll_control(epoll, isNew ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, mask)
  }

  /// Stops watching a socket; event loop only.
  func forget(_ socket: CInt) { _ = weir_epoll_control(epoll, EPOLL_CTL_DEL, socket, 0) }

  /// Calls `body` for every socket of the batch with libcurl's readiness bits; event loop only, in `handle`.
  func forEachReady(_ body: (_ socket: CInt, _ readiness: CInt) -> Void) {
    for index in 0..<readyCount {
      let descriptor = unsafe weir_event_descriptor(events + index)
      guard descriptor != stopSignal else { continue }
      let bits = unsafe events[index].events
      var readiness: CInt = 0
      if bits & EPOLLIN.rawValue != 0 { readiness |= CURL_CSELECT_IN }
      if bits & EPOLLOUT.rawValue != 0 { readiness |= CURL_CSELECT_OUT }
      if bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { readiness |= CURL_CSELECT_ERR }
      body(descriptor, readiness)
    }
  }

  /// Gives the turn back to the thread; event loop only.
  func finishBatch() { unsafe sem_post(handled) }

  /// Ends the thread and waits for it; event loop only.
  func stop() {
    guard !isStopped else { return }
    isStopped = true
    var one: UInt64 = 1
    _ = unsafe write(stopSignal, &one, MemoryLayout<UInt64>.size)
    unsafe sem_post(handled)
    while unsafe sem_wait(stopped) != 0 {}
  }

  private func wait(_ run: Run) {
    while true {
      let count = unsafe epoll_wait(epoll, events, CInt(Self.batch), -1)
      if count < 0 { if errno == EINTR { continue } else { break } }
      readyCount = Int(count)
      if (0..<readyCount).contains(where: { unsafe weir_event_descriptor(events + $0) == stopSignal }) { break }
      run.eventLoop.execute(run.handle)
      while unsafe sem_wait(handled) != 0 {}
    }
    unsafe sem_post(stopped)
  }

  /// What the thread holds on to.
  private final class Run {
    let poller: SocketPoller
    let eventLoop: any EventLoop
    let handle: @Sendable () -> Void

    init(poller: SocketPoller, eventLoop: any EventLoop, handle: @escaping @Sendable () -> Void) {
      self.poller = poller
      self.eventLoop = eventLoop
      self.handle = handle
    }
  }
}

/// The kernel refused a descriptor.
public struct DescriptorError: Error, CustomStringConvertible {
  /// The error number of the failed call.
  public let errno: CInt
  /// The system's words for it.
  public var description: String { unsafe String(cString: strerror(errno)) }
}
