import CWeirSystem
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

  /// Waits no longer than the time, by the clock that nobody sets; false when it is over.
  @discardableResult
  func wait(atMostSeconds seconds: Int) -> Bool {
    unsafe weir_wait_seconds(semaphore, seconds) == 0
  }
}
