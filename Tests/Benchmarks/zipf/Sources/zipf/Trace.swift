/// Made-up requests over time: who asks for what, and how large each answer is.
struct Trace {
  /// What it is called in the table.
  let name: String
  /// The numbers of the things asked for, in order; requests are evenly spaced in time.
  let requests: [Int]
  /// Bytes of memory that each thing takes in the cache.
  let costs: [Int]
  /// Nanoseconds between two requests.
  static let interval: Int64 = 10_000_000
  /// Nanoseconds that a reply is kept: the default of `WEIR_CACHE_TTL`.
  static let timeToLive: Int64 = 300_000_000_000

  /// Of all things that are asked for twice at least.
  var footprint: Int {
    var counts: [Int: Int] = [:]
    for request in requests { counts[request, default: 0] += 1 }
    return counts.reduce(0) { $0 + ($1.value > 1 ? costs[$1.key] : 0) }
  }

  /// - Parameters:
  ///   - exponent: of Zipf's law: how much more often popular things are asked for.
  ///   - things: how many there are.
  ///   - onceOnly: share of requests for things that nobody asks for again.
  ///   - drift: after so many requests the whole popularity has moved on by a tenth of the things; 0 for never.
  ///   - median: of the answers' bytes; their logarithms are normally distributed with deviation `spread`.
  init(
    name: String, exponent: Double, things: Int, count: Int, onceOnly: Double = 0, drift: Int = 0, median: Int = 2000,
    spread: Double = 0, overhead: Int
  ) {
    var random = SplitMix64(seed: 42)
    let cumulative = Self.cumulativeWeights(exponent, things)
    let order = (0..<things).shuffled(using: &random)
    var requests: [Int] = []
    var next = things
    for index in 0..<count {
      if Double.random(in: 0..<1, using: &random) < onceOnly {
        requests.append(next)
        next += 1
        continue
      }
      let rank = Self.rank(Double.random(in: 0..<1, using: &random), cumulative)
      let moved = drift == 0 ? 0 : index * things / 10 / drift
      requests.append(order[(rank + moved) % things])
    }
    self.name = name
    self.requests = requests
    costs = (0..<next).map { _ in
      overhead + max(100, Int(Double(median) * Self.exp(spread * Self.normal(&random))))
    }
  }

  private static func cumulativeWeights(_ exponent: Double, _ things: Int) -> [Double] {
    var sum = 0.0
    let sums = (1...things).map { rank in
      sum += Self.power(Double(rank), -exponent)
      return sum
    }
    return sums.map { $0 / sum }
  }

  private static func rank(_ point: Double, _ cumulative: [Double]) -> Int {
    var (low, high) = (0, cumulative.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] < point { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// About normal: the sum of twelve uniform numbers, less their mean.
  private static func normal(_ random: inout SplitMix64) -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
  }
}

/// The same numbers on every run.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits &>> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits &>> 31)
  }
}
