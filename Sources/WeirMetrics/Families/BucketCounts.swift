import Synchronization

/// The counts of a histogram's buckets: a fixed row of atomic words, owned and freed here alone.
///
/// A row of atomics cannot live in an `Array` (they do not copy), hence the allocation.
@safe
struct BucketCounts: ~Copyable, @unchecked Sendable {
  private let cells: UnsafeMutableBufferPointer<Atomic<UInt64>>

  init(count: Int) {
    unsafe cells = .allocate(capacity: max(count, 1))
    for index in unsafe cells.indices {
      unsafe cells.initializeElement(at: index, to: Atomic(0))
    }
  }

  deinit {
    unsafe cells.deinitialize()
    unsafe cells.deallocate()
  }

  /// Adds one to the bucket; an index outside the row counts in the last bucket, which has no upper bound.
  func increment(_ index: Int) {
    let last = unsafe cells.count - 1
    let inside = index >= 0 && index < last ? index : last
    unsafe cells[inside].wrappingAdd(1, ordering: .relaxed)
  }

  /// Every count, each read exactly once.
  func read() -> [UInt64] {
    unsafe cells.indices.map { unsafe cells[$0].load(ordering: .relaxed) }
  }
}
