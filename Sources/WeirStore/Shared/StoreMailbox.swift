import CWeirHiredis
import Glibc
import Synchronization

/// What the I/O thread is to do, left by any thread.
final class StoreMailbox: Sendable {
  struct Mail {
    var calls: [(lane: StoreLane, call: StoreCall)] = []
    var channels: [String] = []
    var addresses: [(name: String, found: Result<[StoreAddress], StoreTrouble>)] = []
    var isStopping = false
    /// The thread was woken and has not looked yet.
    fileprivate var isAnnounced = false
    /// The thread looks no more.
    fileprivate var isClosed = false
  }

  /// Readable when there is mail.
  let descriptor: CInt
  private let ended: CInt
  private let mail = Mutex(Mail())

  init() throws(StoreStartError) {
    descriptor = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
    ended = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
    guard descriptor >= 0, ended >= 0 else { throw StoreStartError(description: StoreSocket.words(errno)) }
  }

  deinit {
    close(descriptor)
    close(ended)
  }

  /// False when nobody looks any more.
  @discardableResult
  func post(_ body: (inout Mail) -> Void) -> Bool {
    let (isOpen, mustWake) = mail.withLock { mail in
      guard !mail.isClosed else { return (false, false) }
      body(&mail)
      defer { mail.isAnnounced = true }
      return (true, !mail.isAnnounced)
    }
    if mustWake { Self.signal(descriptor) }
    return isOpen
  }

  // MARK: I/O thread only

  func take() -> Mail {
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
    return mail.withLock { mail in
      let taken = mail
      mail = Mail()
      mail.isStopping = taken.isStopping
      return taken
    }
  }

  /// The last mail; none comes after it.
  func closeAndTake() -> Mail {
    mail.withLock { mail in
      let taken = mail
      mail = Mail()
      mail.isClosed = true
      return taken
    }
  }

  func tellEnd() { Self.signal(ended) }

  // MARK: Any other thread

  func waitForEnd(milliseconds: CInt) {
    var entry = pollfd(fd: ended, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&entry, 1, milliseconds)
  }

  private static func signal(_ descriptor: CInt) {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
  }
}
