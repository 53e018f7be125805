import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Everything the connections share. Safe from any thread.
final class World: Sendable {
  let key: String?
  let recorder = Recorder()
  let totals = Totals()
  let ledger = Ledger()
  let books = Books()
  let faults = FaultSchedule()
  private let generations = Atomic<Int>(0)

  init(key: String?) { self.key = key }

  /// Distinguishes generations of equal requests; counts from 1.
  func nextGeneration() -> Int { generations.add(1, ordering: .relaxed).newValue }

  /// Milliseconds since 1970.
  static func now() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
  }
}
