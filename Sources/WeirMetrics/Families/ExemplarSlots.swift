import Synchronization

/// One observation that stands for its bucket, and the request that it came from.
struct Exemplar: Sendable, Equatable {
  /// The only label of an exemplar.
  static let labelName = "request_id"

  /// OpenMetrics 1.0, "Exemplars": names and values of the labels together, in characters.
  static let maximumLabelSetCharacters = 128

  let value: Double
  let requestID: String
  /// Seconds since 1970.
  let time: Double

  var fitsOpenMetrics: Bool {
    let allowed = Self.maximumLabelSetCharacters - Self.labelName.unicodeScalars.count
    // The length in UTF-8 is stored: it spares walking through a long value.
    return requestID.utf8.count <= allowed * 4 && requestID.unicodeScalars.count <= allowed
  }
}

/// An exemplar of each bucket of one histogram: the first of the last second that had one.
///
/// A scrape shows one a bucket, so more than one a second would be work for nothing: all others are turned away by one
/// atomic read. Writers try the lock and go on without their exemplar when it is taken, so nobody waits while observing.
struct ExemplarSlots: ~Copyable, Sendable {
  private let slots = Mutex<[Int: Exemplar]>([:])
  /// The second, and in the low half a bit for each bucket that has its exemplar of that second.
  private let taken = Atomic<UInt64>(0)

  func offer(_ exemplar: Exemplar, bucket: Int) {
    guard isDue(bucket, second: UInt32(truncatingIfNeeded: Int64(max(0, min(exemplar.time, 1e15))))),
      exemplar.fitsOpenMetrics
    else { return }
    _ = slots.withLockIfAvailable { $0[bucket] = exemplar }
  }

  /// Whether the bucket has none of this second yet; buckets 32 apart share a turn.
  private func isDue(_ bucket: Int, second: UInt32) -> Bool {
    let seen = taken.load(ordering: .relaxed)
    let bit = UInt64(1) << UInt64(truncatingIfNeeded: bucket & 31)
    let isSameSecond = UInt32(truncatingIfNeeded: seen >> 32) == second
    if isSameSecond, seen & bit != 0 { return false }
    let next = isSameSecond ? seen | bit : UInt64(second) << 32 | bit
    return taken.compareExchange(expected: seen, desired: next, ordering: .relaxed).exchanged
  }

  var all: [Int: Exemplar] { slots.withLock { $0 } }
}
