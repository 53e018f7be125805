import Synchronization

/// The memory of all replies in flight that are kept for followers; any thread.
final class InFlightBudget: Sendable {
  private let maximumBytes: Atomic<Int>
  private let used = Atomic<Int>(0)

  init(maximumBytes: Int) { self.maximumBytes = Atomic(maximumBytes) }

  /// A reload; what is taken already stays.
  func setBound(_ bytes: Int) { maximumBytes.store(bytes, ordering: .relaxed) }

  /// Bytes taken and not given back.
  var usedBytes: Int { used.load(ordering: .relaxed) }

  /// Takes room; false, and none, where that would pass the bound.
  func take(_ bytes: Int) -> Bool {
    let before = used.wrappingAdd(bytes, ordering: .relaxed).oldValue
    if before <= maximumBytes.load(ordering: .relaxed) - bytes { return true }
    give(bytes)
    return false
  }

  /// Takes room that there may not be.
  func takeAnyway(_ bytes: Int) { used.wrappingAdd(bytes, ordering: .relaxed) }

  /// Whether there is no room left.
  var isUsedUp: Bool { usedBytes >= maximumBytes.load(ordering: .relaxed) }

  /// Gives room back.
  func give(_ bytes: Int) { used.wrappingSubtract(bytes, ordering: .relaxed) }
}
