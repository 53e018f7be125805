/// Check digits. All take the values of digits, the check digit last.
enum Checksum {
  /// ISO/IEC 7812-1, annex B (Luhn).
  static func luhn(_ digits: ArraySlice<Int>) -> Bool {
    var sum = 0
    for (place, digit) in digits.reversed().enumerated() {
      let doubled = place.isMultiple(of: 2) ? digit : digit * 2
      sum += doubled > 9 ? doubled - 9 : doubled
    }
    return sum.isMultiple(of: 10)
  }

  /// The remainder of a decimal number of any length.
  static func remainder(_ digits: some Sequence<Int>, by divisor: Int) -> Int {
    digits.reduce(0) { ($0 * 10 + $1) % divisor }
  }

  /// ISO/IEC 7064, MOD 11,10.
  static func mod11And10(_ digits: [Int]) -> Bool {
    guard let check = digits.last else { return false }
    var product = 10
    for digit in digits.dropLast() {
      let sum = (digit + product) % 10
      product = (sum == 0 ? 10 : sum) * 2 % 11
    }
    return (11 - product) % 10 == check
  }

  /// J. Verhoeff, Error Detecting Decimal Codes (1969).
  static func verhoeff(_ digits: [Int]) -> Bool {
    var check = 0
    for (place, digit) in digits.reversed().enumerated() {
      check = product(check, permuted(digit, place % 8))
    }
    return check == 0
  }

  /// In the dihedral group of order ten.
  private static func product(_ left: Int, _ right: Int) -> Int {
    if left < 5 { return right < 5 ? (left + right) % 5 : 5 + (left + right) % 5 }
    return right < 5 ? 5 + (left - right) % 5 : (left - right + 5) % 5
  }

  private static func permuted(_ digit: Int, _ times: Int) -> Int {
    let permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    return (0..<times).reduce(digit) { digit, _ in permutation[digit] }
  }
}
