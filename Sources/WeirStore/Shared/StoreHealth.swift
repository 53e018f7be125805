/// Whether a connection takes calls, from how calls went. A value: the caller sends the probes.
struct StoreHealth {
  /// So many calls in a row without an answer in time, and local state decides at once.
  static let lateLimit = 3

  /// After a probe was answered in time, until something goes wrong.
  private(set) var isTaking = false
  private var lateInRow = 0

  /// A call, or a probe, was answered in time.
  mutating func answered() { lateInRow = 0 }

  /// The probe was answered in time, and well. True where that is news.
  mutating func passed() -> Bool {
    lateInRow = 0
    defer { isTaking = true }
    return !isTaking
  }

  /// A call was not answered in time. True where the connection takes no more because of it.
  mutating func late() -> Bool {
    lateInRow += 1
    guard lateInRow >= Self.lateLimit, isTaking else { return false }
    isTaking = false
    return true
  }

  /// The connection is over, or the store refuses. True where that is news.
  mutating func failed() -> Bool {
    lateInRow = 0
    defer { isTaking = false }
    return isTaking
  }
}

/// How long until the next attempt: doubled from 100 ms to 2 s, and up to half of it less by chance, so that a fleet does
/// not come back as one.
struct StoreBackoff {
  private var failures = 0

  mutating func reset() { failures = 0 }

  /// Nanoseconds; `random` from 0 up to 1.
  mutating func next(random: Double) -> UInt64 {
    let milliseconds = min(100 << min(failures, 5), 2000)
    failures += 1
    return UInt64(Double(milliseconds) * 1_000_000 * (1 - 0.5 * min(max(random, 0), 1)))
  }
}
