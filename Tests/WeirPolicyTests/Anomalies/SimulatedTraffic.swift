import Glibc

@testable import WeirPolicy

/// Made-up clients, minute by minute, the same ones for the same seed.
struct SimulatedTraffic {
  /// How many requests a minute has, in the mean.
  enum Shape: String, CaseIterable {
    /// Ten a minute.
    case steady
    /// Two at night, forty by day, a sine.
    case diurnal
    /// Nothing outside of nine to five and at weekends, twenty within.
    case officeHours
    /// An hourly batch of about 200, and one or two between.
    case batches
    /// One every other minute.
    case rare
    /// Ten a minute in the mean, in heaps: the rate itself varies by a factor of 2.7 from minute to minute.
    case bursty

    func rate(minute: Int) -> Double {
      let hour = Double(minute % 1440) / 60
      switch self {
      case .steady, .bursty: return 10
      case .diurnal: return 21 - 19 * cos(2 * Double.pi * (hour - 3) / 24)
      case .officeHours: return hour >= 9 && hour < 17 && minute / 1440 % 7 < 5 ? 20 : 0
      case .batches: return minute % 60 == 7 ? 200 : 1.5
      case .rare: return 0.5
      }
    }
  }

  /// What is wrong with a minute.
  enum Attack: String, CaseIterable {
    /// The key is used elsewhere too: ten times the requests.
    case leakedKey
    /// Prompts grow tenfold.
    case bloatedPrompts
    /// Three of four requests fail, and each is tried three times.
    case retryStorm
    /// Another model, ten times as expensive.
    case dearModel
  }

  let shape: Shape
  private var generator: SplitMix64

  init(_ shape: Shape, seed: UInt64) {
    self.shape = shape
    generator = SplitMix64(seed: seed)
  }

  mutating func traffic(minute: Int, attack: Attack? = nil) -> ClientTraffic {
    var rate = shape.rate(minute: minute)
    if shape == .bursty { rate *= exp(normal() - 0.5) }
    if attack == .leakedKey { rate *= 10 }
    if attack == .retryStorm { rate *= 3 }
    var traffic = ClientTraffic()
    for _ in 0..<poisson(rate) {
      let fails = Double.random(in: 0..<1, using: &generator) < (attack == .retryStorm ? 0.75 : 0.01)
      // Tokens of a request vary by a factor of 2.7; a dollar buys a million of them.
      var tokens = exp(7 + normal())
      if attack == .bloatedPrompts { tokens *= 10 }
      let price = attack == .dearModel ? 1e-5 : 1e-6
      traffic.add(
        tokens: fails ? nil : Int(tokens), cost: fails ? nil : tokens * price, isError: fails)
    }
    return traffic
  }

  /// G. E. P. Box and M. E. Muller, "A Note on the Generation of Random Normal Deviates", 1958.
  private mutating func normal() -> Double {
    let u = Double.random(in: 1e-12..<1, using: &generator)
    let v = Double.random(in: 0..<1, using: &generator)
    return (-2 * log(u)).squareRoot() * cos(2 * Double.pi * v)
  }

  /// D. E. Knuth, The Art of Computer Programming, volume 2, 3.4.1; the normal distribution for large means.
  private mutating func poisson(_ mean: Double) -> Int {
    if mean > 60 { return max(0, Int((mean + mean.squareRoot() * normal()).rounded())) }
    let limit = exp(-mean)
    var count = 0
    var product = Double.random(in: 0..<1, using: &generator)
    while product > limit {
      count += 1
      product *= Double.random(in: 0..<1, using: &generator)
    }
    return count
  }
}
