import Synchronization

/// The memory of all replies in flight that are kept for followers; any thread.
final class InFlightBudget: Sendable {
  private let maximumBytes: Int
  private let used = Atomic<Int>(0)

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// Bytes taken and not given back.
  var usedBytes: Int { used.load(ordering: .relaxed) }

  /// Takes room; false, and none, where that would pass the bound.
  func take(_ bytes: Int) -> Bool {
    let before = used.wrappingAdd(bytes, ordering: .relaxed).oldValue
    if before <= maximumBytes - bytes { return true }
    give(bytes)
    return false
  }

  /// Gives room back.
  func give(_ bytes: Int) { used.wrappingSubtract(bytes, ordering: .relaxed) }
}
