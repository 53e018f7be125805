import Synchronization

/// A number of things that may exist at once, over all event loops; what is over the bound is refused, not queued.
final class Allowance: Sendable {
  private let used = Atomic<Int>(0)
  private let bound: Atomic<Int>

  init(bound: Int) { self.bound = Atomic(bound) }

  /// Takes `count` of the allowance, or nothing.
  func take(_ count: Int = 1) -> Bool {
    let before = used.add(count, ordering: .relaxed).oldValue
    guard before <= bound.load(ordering: .relaxed) - count else {
      used.subtract(count, ordering: .relaxed)
      return false
    }
    return true
  }

  /// Whether so much of it may be had.
  func has(_ count: Int) -> Bool { inUse <= bound.load(ordering: .relaxed) - count }

  /// Gives back what was taken.
  func giveBack(_ count: Int = 1) { used.subtract(count, ordering: .relaxed) }

  /// Takes regardless of the bound, for what exists already.
  func count(_ count: Int = 1) { used.add(count, ordering: .relaxed) }

  /// A reload may change the bound; what is over it then is let finish.
  func setBound(_ bound: Int) { self.bound.store(bound, ordering: .relaxed) }

  var inUse: Int { used.load(ordering: .relaxed) }
}
