import Synchronization

/// A double that many threads read, set and add to without a lock: its bit pattern in an atomic word.
///
/// Relaxed ordering throughout: a metric orders nothing but itself.
struct AtomicDouble: ~Copyable, Sendable {
  private let bits = Atomic<UInt64>(Double.zero.bitPattern)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func set(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }

  /// Repeats until no other thread came between; each round fails only because another one succeeded.
  func add(_ amount: Double) {
    var seen = bits.load(ordering: .relaxed)
    while true {
      let wanted = (Double(bitPattern: seen) + amount).bitPattern
      let (exchanged, current) = bits.weakCompareExchange(
        expected: seen, desired: wanted, ordering: .relaxed)
      if exchanged { return }
      seen = current
    }
  }
}
