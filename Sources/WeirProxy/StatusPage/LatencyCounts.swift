/// How many durations fell into each of sixteen buckets, each twice as wide as the one before: 0 to 5 ms, 5 to 10 ms,
/// and so on up to 82 seconds and more. Enough for a chart; Prometheus has the finer histogram.
struct LatencyCounts: Sendable {
  private static let bucketCount = 16
  private static let firstBoundNanoseconds: Int64 = 5_000_000
  private static let firstBoundMilliseconds = 5.0

  private var counts = InlineArray<16, UInt32>(repeating: 0)

  /// Durations before their start count as 0.
  mutating func add(nanoseconds: Int64) {
    let index = Self.bucket(nanoseconds)
    if counts[index] < .max { counts[index] += 1 }
  }

  mutating func add(_ other: LatencyCounts) {
    for index in 0..<Self.bucketCount {
      let (sum, isOver) = counts[index].addingReportingOverflow(other.counts[index])
      counts[index] = isOver ? .max : sum
    }
  }

  /// The duration that this share of all stayed under, as if durations were spread evenly within their bucket; nil
  /// without any. What is beyond the last bound counts as that bound.
  func milliseconds(quantile: Double) -> Double? {
    var total = 0
    for index in 0..<Self.bucketCount { total += Int(counts[index]) }
    guard total > 0 else { return nil }
    let rank = max(0, min(quantile, 1)) * Double(total)
    var below = 0.0
    var lowerBound = 0.0
    for index in 0..<Self.bucketCount - 1 {
      let upperBound = Self.firstBoundMilliseconds * Double(1 << index)
      let count = Double(counts[index])
      if count > 0, below + count >= rank {
        return lowerBound + (upperBound - lowerBound) * max(0, rank - below) / count
      }
      below += count
      lowerBound = upperBound
    }
    return lowerBound
  }

  private static func bucket(_ nanoseconds: Int64) -> Int {
    let units = max(nanoseconds, 0) / firstBoundNanoseconds
    return min(Int64.bitWidth - units.leadingZeroBitCount, bucketCount - 1)
  }
}
