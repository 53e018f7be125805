/// A sum of amounts that is the same in whatever order they come, to the last digit in all but contrived cases: a million
/// costs of a thousandth of a cent each would otherwise end in noise. Neumaier's variant of Kahan's summation
/// (https://en.wikipedia.org/wiki/Kahan_summation_algorithm#Further_enhancements).
struct DollarSum: Sendable, Equatable {
  private var sum: Double = 0
  /// What the additions so far have rounded away.
  private var rest: Double = 0

  init(_ amount: Double = 0) { sum = amount }

  var amount: Double { rest.isFinite ? sum + rest : sum }

  mutating func add(_ amount: Double) {
    let next = sum + amount
    rest += abs(sum) >= abs(amount) ? (sum - next) + amount : (amount - next) + sum
    sum = next
  }

  mutating func add(_ other: DollarSum) {
    add(other.sum)
    add(other.rest)
  }
}
