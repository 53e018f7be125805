import CWeirCurl
import Glibc

/// Watches libcurl's sockets in an epoll of its own. Lives on one event loop, which reads it without waiting when
/// something tells it to: `EpollAlarm`, or `EpollThread` where the kernel has no such alarm.
///
/// The epoll is level-triggered and only read between two alarms, so a socket that stays interesting costs no system
/// call but its own reads: nothing is armed again for each event of a stream, nor for each request of a connection.
@safe final class SocketPoller {
  /// What the loop wants of a socket, and what the kernel was told.
  private struct Watch {
    var mask: UInt32 = 0
    var registered: UInt32 = 0
    /// libcurl says when it closes a connection's socket, and of no other.
    var isConnection = false
  }

  /// The most sockets handled in one turn; the rest follow in the next.
  private static let batch = 256

  /// The epoll: ready where a socket in it is.
  let descriptor: CInt
  private let events: UnsafeMutablePointer<epoll_event>
  private var watches: [Watch] = []

  /// Throws the error number when the kernel gives no epoll.
  init() throws(DescriptorError) {
    descriptor = epoll_create1(CInt(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw DescriptorError(errno: errno) }
    unsafe events = .allocate(capacity: Self.batch)
  }

  deinit {
    unsafe events.deallocate()
    close(descriptor)
  }

  /// Calls `handle` with each socket that is ready, and with what it is ready for in libcurl's bits.
  func forEachReady(_ handle: (CInt, CInt) -> Void) {
    let count = unsafe Int(epoll_wait(descriptor, events, CInt(Self.batch), 0))
    guard count > 0 else { return }
    for index in 0..<count {
      let event = unsafe events[index]
      let socket = unsafe weir_event_descriptor(event)
      if entry(socket, { $0.mask }) == 0 {
        // A connection that rests: the upstream closed it, or says what nobody has asked for.
        unregister(socket)
      } else {
        handle(socket, Self.readiness(unsafe event.events))
      }
    }
  }

  /// Watches a socket for what libcurl wants of it.
  func watch(_ socket: CInt, read: Bool, write: Bool) {
    var mask: UInt32 = 0
    if read { mask |= EPOLLIN.rawValue }
    if write { mask |= EPOLLOUT.rawValue }
    guard mask != 0 else { return forget(socket) }
    let registered = entry(socket) { watch in
      defer { (watch.mask, watch.registered) = (mask, mask) }
      return watch.registered
    }
    if registered == mask { return }
    // The kernel forgets a closed descriptor by itself, and its number comes back for another socket.
    let first = registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
    if weir_epoll_control(descriptor, first, socket, mask) == 0 { return }
    _ = weir_epoll_control(descriptor, registered == 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, mask)
  }

  /// Stops watching a socket. A connection stays registered for its next request, which then needs no system call; an
  /// event in between takes it out.
  func forget(_ socket: CInt) {
    let stays = entry(socket) { watch in
      watch.mask = 0
      return watch.registered == 0 || (watch.isConnection && watch.registered == EPOLLIN.rawValue)
    }
    if !stays { unregister(socket) }
  }

  /// libcurl has opened a connection's socket, and will say when it closes it.
  func opened(_ socket: CInt) { entry(socket) { $0 = Watch(isConnection: true) } }

  /// libcurl closes a connection's socket; the kernel forgets it with that.
  func closed(_ socket: CInt) { entry(socket) { $0 = Watch() } }

  private func unregister(_ socket: CInt) {
    entry(socket) { $0.registered = 0 }
    _ = weir_epoll_control(descriptor, EPOLL_CTL_DEL, socket, 0)
  }

  @discardableResult
  private func entry<Result>(_ socket: CInt, _ body: (inout Watch) -> Result) -> Result {
    let index = Int(max(socket, 0))
    while watches.count <= index { watches.append(Watch()) }
    return body(&watches[index])
  }

  private static func readiness(_ bits: UInt32) -> CInt {
    var readiness: CInt = 0
    if bits & EPOLLIN.rawValue != 0 { readiness |= CURL_CSELECT_IN }
    if bits & EPOLLOUT.rawValue != 0 { readiness |= CURL_CSELECT_OUT }
    if bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { readiness |= CURL_CSELECT_ERR }
    return readiness
  }
}

/// The kernel refused a descriptor.
public struct DescriptorError: Error, CustomStringConvertible {
  /// The error number of the failed call.
  public let errno: CInt
  /// The system's words for it.
  public var description: String { unsafe String(cString: strerror(errno)) }
}
