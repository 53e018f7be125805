import Glibc

/// A POSIX semaphore, for threads that are not event loops.
@safe final class Semaphore: @unchecked Sendable {
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func signal() { unsafe sem_post(semaphore) }

  func wait() { while unsafe sem_wait(semaphore) != 0 {} }

  /// Waits no longer than the time; false when that is over.
  @discardableResult
  func wait(atMostSeconds seconds: Int) -> Bool {
    var end = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &end)
    end.tv_sec += seconds
    while unsafe sem_timedwait(semaphore, &end) != 0 {
      guard errno == EINTR else { return false }
    }
    return true
  }
}
