/// Numbers of payment cards: 13 to 19 digits, together or in groups, with the prefix and length of a card network and a
/// valid check digit.
enum CardNumber {
  /// The first card number in a run of digits. A number begins and ends with a group; all but its last group have at
  /// least three digits, so that lists of small numbers are none.
  static func find(_ text: Span<UInt8>, _ run: Range<Int>) -> Range<Int>? {
    var (digits, places): ([Int], [Int]) = ([], [])
    for index in run where Candidate.isDigit(text[index]) {
      digits.append(Int(text[index]) - 0x30)
      places.append(index)
    }
    for start in digits.indices where start == 0 || places[start - 1] + 1 < places[start] {
      guard let count = count(digits, places, from: start) else { continue }
      let found = places[start]..<places[start + count - 1] + 1
      if !Candidate.touchesWord(text, found) { return found }
    }
    return nil
  }

  private static func count(_ digits: [Int], _ places: [Int], from start: Int) -> Int? {
    var groupStart = start
    for end in start..<min(start + 19, digits.count) {
      let isGroupEnd = end + 1 == digits.count || places[end] + 1 < places[end + 1]
      guard isGroupEnd else { continue }
      let number = digits[start...end]
      if isIssued(number), Checksum.luhn(number) { return number.count }
      if end + 1 - groupStart < 3 { return nil }
      groupStart = end + 1
    }
    return nil
  }

  /// By the ranges of ISO/IEC 7812 that the networks publish: Visa, Mastercard, American Express, Diners Club, JCB,
  /// Discover, UnionPay, Maestro.
  private static func isIssued(_ number: ArraySlice<Int>) -> Bool {
    let first = number.prefix(4).reduce(0) { $0 * 10 + $1 }
    return switch (number.count, first) {
    case (13, 4000...4999), (16, 4000...4999), (19, 4000...4999): true
    case (16, 5100...5599), (16, 2221...2720): true
    case (15, 3400...3499), (15, 3700...3799): true
    case (14...19, 3000...3099), (14...19, 3600...3699), (14...19, 3800...3999): true
    case (16...19, 3528...3589), (16...19, 6011), (16...19, 6200...6299), (16...19, 6440...6599): true
    case (16...19, 5000...5099), (16...19, 5600...5899), (16...19, 6300...6399), (16...19, 6700...6799): true
    default: false
    }
  }
}
