import CWeirCurl
import Glibc
import NIOCore
import Synchronization

/// A thread that does nothing but wait in epoll for libcurl's sockets and tell the event loop which are ready.
///
/// Every socket is watched for one event (EPOLLONESHOT): a socket that was reported stays silent until the loop has
/// handled it and watches it again. So the thread never reports a socket twice and never waits for the loop. What the
/// loop leaves unread is reported as soon as it watches again, since epoll is level-triggered.
@safe final class SocketPoller: @unchecked Sendable {
  /// A socket and what it is ready for, in libcurl's bits.
  typealias Ready = (socket: CInt, readiness: CInt)

  private struct Found {
    var sockets: [Ready] = []
    /// The loop was told and has not taken the list yet.
    var isAnnounced = false
  }

  /// What the loop wants of a socket. Event loop only.
  private struct Watch {
    var mask: UInt32 = 0
    var isArmed = false
    var isAdded = false
  }

  /// The most sockets reported at once; the rest follow in the next turn.
  private static let batch = 256

  private let epoll: CInt
  private let stopSignal: CInt
  private let stopped: UnsafeMutablePointer<sem_t>
  private let found = Mutex(Found())
  private var watches: [Watch] = []
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
    unsafe stopped = .allocate(capacity: 1)
    unsafe sem_init(stopped, 0, 0)
    _ = weir_epoll_control(epoll, EPOLL_CTL_ADD, stopSignal, EPOLLIN.rawValue)
  }

  deinit {
    unsafe sem_destroy(stopped)
    unsafe stopped.deallocate()
    close(stopSignal)
    close(epoll)
  }

  /// Starts the thread. `handle` runs on `eventLoop` when there is something in `takeReady()`.
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

  // MARK: Event loop only

  /// The sockets that became ready. Each stays silent until `rearm` or `watch`.
  func takeReady() -> [Ready] {
    let ready = found.withLock { found in
      found.isAnnounced = false
      defer { found.sockets = [] }
      return found.sockets
    }
    for (socket, _) in ready { entry(socket) { $0.isArmed = false } }
    return ready
  }

  /// Watches what libcurl still wants to hear about of the sockets that were handled.
  func rearm(_ handled: [Ready]) {
    for (socket, _) in handled { arm(socket) }
  }

  /// Watches a socket for what libcurl wants of it.
  func watch(_ socket: CInt, read: Bool, write: Bool) {
    var mask: UInt32 = 0
    if read { mask |= EPOLLIN.rawValue }
    if write { mask |= EPOLLOUT.rawValue }
    let isChanged = entry(socket) { watch in
      let isChanged = watch.mask != mask
      watch.mask = mask
      if isChanged { watch.isArmed = false }
      return isChanged
    }
    if isChanged { arm(socket) }
  }

  /// Stops watching a socket. One that was just reported is silent already and stays registered for its next use.
  func forget(_ socket: CInt) {
    let mustRemove = entry(socket) { watch in
      watch.mask = 0
      defer { watch.isArmed = false }
      guard watch.isArmed else { return false }
      watch.isAdded = false
      return true
    }
    if mustRemove { _ = weir_epoll_control(epoll, EPOLL_CTL_DEL, socket, 0) }
  }

  /// Ends the thread and waits for it.
  func stop() {
    guard !isStopped else { return }
    isStopped = true
    var one: UInt64 = 1
    _ = unsafe write(stopSignal, &one, MemoryLayout<UInt64>.size)
    while unsafe sem_wait(stopped) != 0 {}
  }

  private func arm(_ socket: CInt) {
    entry(socket) { watch in
      guard watch.mask != 0, !watch.isArmed else { return }
      let events = watch.mask | EPOLLONESHOT.rawValue
      watch.isArmed = true
      if watch.isAdded, weir_epoll_control(epoll, EPOLL_CTL_MOD, socket, events) == 0 { return }
      // The kernel forgets a closed descriptor by itself, and its number comes back for another socket.
      watch.isAdded = true
      if weir_epoll_control(epoll, EPOLL_CTL_ADD, socket, events) == 0 { return }
      _ = weir_epoll_control(epoll, EPOLL_CTL_MOD, socket, events)
    }
  }

  @discardableResult
  private func entry<Result>(_ socket: CInt, _ body: (inout Watch) -> Result) -> Result {
    let index = Int(max(socket, 0))
    while watches.count <= index { watches.append(Watch()) }
    return body(&watches[index])
  }

  // MARK: Poller thread only

  private func wait(_ run: Run) {
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.batch)
    defer { unsafe events.deallocate() }
    while true {
      let count = unsafe Int(epoll_wait(epoll, events, CInt(Self.batch), -1))
      if count < 0 { if errno == EINTR { continue } else { break } }
      let list = unsafe UnsafeBufferPointer(start: events, count: count)
      guard unsafe report(list, run) else { break }
    }
    unsafe sem_post(stopped)
  }

  /// False when the thread is to end.
  private func report(_ events: UnsafeBufferPointer<epoll_event>, _ run: Run) -> Bool {
    var isEnd = false
    let mustAnnounce = found.withLock { found in
      for index in events.indices {
        let descriptor = unsafe weir_event_descriptor(events[index])
        if descriptor == stopSignal {
          isEnd = true
        } else {
          found.sockets.append((descriptor, unsafe Self.readiness(events[index].events)))
        }
      }
      defer { found.isAnnounced = true }
      return !found.isAnnounced
    }
    if mustAnnounce, !isEnd { run.eventLoop.execute(run.handle) }
    return !isEnd
  }

  private static func readiness(_ bits: UInt32) -> CInt {
    var readiness: CInt = 0
    if bits & EPOLLIN.rawValue != 0 { readiness |= CURL_CSELECT_IN }
    if bits & EPOLLOUT.rawValue != 0 { readiness |= CURL_CSELECT_OUT }
    if bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { readiness |= CURL_CSELECT_ERR }
    return readiness
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
