import Synchronization

/// What the status page shows of the past: every finished request goes through `record` once. Any thread may use it;
/// each call is one short hold of a lock, and a reading holds it for less than a tenth of a millisecond.
final class StatusHistory: Sendable {
  private let book = Mutex(StatusBook())

  /// Counts a request that is over. `second` is the time of day in seconds since 1970.
  func record(_ request: FinishedRequest, second: Int64) {
    book.withLock { $0.record(request, second: second) }
  }

  /// What is to be shown at this second.
  func reading(second: Int64) -> StatusReading {
    book.withLock { $0.reading(second: second) }
  }
}
