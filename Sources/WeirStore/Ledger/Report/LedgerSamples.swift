/// Durations of rows with the places of their groups, for percentiles. All in two arrays, since thousands of groups with
/// an array each cost more than all else; eight bytes a row.
struct LedgerSamples {
  private var values: [UInt32] = []
  private var places: [UInt32] = []

  mutating func add(_ microseconds: Int64, to place: Int) {
    values.append(UInt32(clamping: microseconds))
    places.append(UInt32(clamping: place))
  }

  /// Of all values.
  var percentiles: LedgerPercentiles? { Self.percentiles(values[...]) }

  /// Of each group's values, for the groups at the places from zero to `count`.
  func percentiles(groups count: Int) -> [LedgerPercentiles?] {
    var ends = [Int](repeating: 0, count: count)
    for place in places { ends[Int(place)] += 1 }
    var next = 0
    for place in ends.indices {
      next += ends[place]
      // Where the group begins; it becomes its end while the values are dealt.
      ends[place] = next - ends[place]
    }
    var dealt = [UInt32](repeating: 0, count: values.count)
    for (value, place) in zip(values, places) {
      dealt[ends[Int(place)]] = value
      ends[Int(place)] += 1
    }
    var start = 0
    return ends.map { end in
      defer { start = end }
      return Self.percentiles(dealt[start..<end])
    }
  }

  /// By nearest rank: the value at place ⌈p·n⌉ of the sorted ones.
  private static func percentiles(_ values: ArraySlice<UInt32>) -> LedgerPercentiles? {
    guard !values.isEmpty else { return nil }
    let sorted = Self.sorted(Array(values))
    func value(_ percent: Int) -> Int64 {
      let rank = (percent * sorted.count + 99) / 100
      return Int64(sorted[min(max(rank, 1), sorted.count) - 1])
    }
    return LedgerPercentiles(p50: value(50), p95: value(95), p99: value(99))
  }

  /// Few values are compared; many are dealt by their digits (three rounds of eleven bits), ten times as fast.
  private static func sorted(_ values: [UInt32]) -> [UInt32] {
    guard values.count > 2_048 else { return values.sorted() }
    var from = values
    var to = values
    for shift in [0, 11, 22] as [UInt32] {
      var places = [Int](repeating: 0, count: 2_048)
      for value in from { places[Int((value >> shift) & 2_047)] += 1 }
      var next = 0
      for digit in places.indices {
        let count = places[digit]
        places[digit] = next
        next += count
      }
      for value in from {
        let digit = Int((value >> shift) & 2_047)
        to[places[digit]] = value
        places[digit] += 1
      }
      swap(&from, &to)
    }
    return from
  }
}
