/// An amount of money in billionths of a US dollar, added without any rounding; saturates at 9.2 billion dollars.
struct NanoUSD: Sendable, Equatable, Comparable {
  let value: Int64

  static let zero = NanoUSD(0)
  private static let perDollar = 1_000_000_000.0

  init(_ value: Int64) { self.value = value }

  /// The nearest amount; what is not a number, or below zero, is nothing.
  init(rounding dollars: Double) { self.init(clamping: (dollars * NanoUSD.perDollar).rounded()) }

  /// The next amount that is not smaller, for what is reserved.
  init(roundingUp dollars: Double) { self.init(clamping: (dollars * NanoUSD.perDollar).rounded(.up)) }

  private init(clamping nanodollars: Double) {
    if nanodollars >= Double(Int64.max) {
      self.init(.max)
    } else {
      self.init(nanodollars > 0 ? Int64(nanodollars) : 0)
    }
  }

  /// In US dollars, for people.
  var dollars: Double { Double(value) / NanoUSD.perDollar }

  static func < (left: NanoUSD, right: NanoUSD) -> Bool { left.value < right.value }

  static func + (left: NanoUSD, right: NanoUSD) -> NanoUSD {
    NanoUSD(left.value.addingSaturating(right.value))
  }
}

extension Int64 {
  /// The sum of two amounts that are not negative, or the largest one.
  func addingSaturating(_ other: Int64) -> Int64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
