import WeirWire

extension ValueParsers {
  /// A decimal integer within `range`.
  static func integer(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Int {
    guard !text.isEmpty, text.utf8.allSatisfy(ASCII.isDigit) else {
      throw ValueProblem("\(ValueProblem.quoted(text)) is not a whole number", fix: "use digits only")
    }
    guard let number = Int(text), range.contains(number) else {
      throw ValueProblem("\(text.prefix(64)) is out of range", fix: spoken(range))
    }
    return number
  }

  private static func spoken(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? "use \(range.lowerBound) or more" : "use \(range.lowerBound) to \(range.upperBound)"
  }

  /// A count of bytes, plain or with `KiB`, `MiB`, `GiB`; letter case ignored.
  static func byteCount(_ text: String, in range: ClosedRange<Int>) throws(ValueProblem) -> Int {
    let lower = text.lowercased()
    let units = [("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30)]
    let unit = units.first { lower.hasSuffix($0.0) }
    let digits = ASCII.trimmed(unit == nil ? lower : String(lower.dropLast(3)))
    guard !digits.isEmpty, digits.utf8.allSatisfy(ASCII.isDigit) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not a count of bytes",
        fix: "use digits only, or a whole number of KiB, MiB or GiB")
    }
    let (bytes, overflow) = Int(digits)?.multipliedReportingOverflow(by: unit?.1 ?? 1) ?? (0, true)
    guard !overflow, range.contains(bytes) else {
      throw ValueProblem("\(ValueProblem.quoted(text)) is out of range", fix: spoken(range) + " bytes")
    }
    return bytes
  }

  /// Seconds with up to three decimals, from `minimum` milliseconds to a week.
  ///
  /// Milliseconds are the finest that libcurl's timeouts take, and 0 would mean no timeout there.
  static func seconds(_ text: String, minimumMilliseconds minimum: Int) throws(ValueProblem) -> Duration {
    guard let thousandths = decimal(text, places: 3) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not a number of seconds",
        fix: "use digits, with at most three decimals, for example 5 or 0.25")
    }
    guard (minimum...604_800_000).contains(thousandths) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is out of range",
        fix: minimum > 0 ? "use more than 0 and at most 604800 seconds" : "use 0 to 604800 seconds")
    }
    return .milliseconds(thousandths)
  }

  /// 0 to 100 with at most two decimals, exact.
  static func percent(_ text: String) throws(ValueProblem) -> Percent {
    guard let hundredths = decimal(text, places: 2) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not a percentage",
        fix: "use 0 to 100 with at most two decimals and no sign, for example 12.5")
    }
    guard hundredths <= 10_000 else {
      throw ValueProblem("\(ValueProblem.quoted(text)) is out of range", fix: "use 0 to 100")
    }
    return Percent(hundredths: hundredths)
  }

  /// `text` times ten to the power of `places`, or nil when it is not a plain decimal of at most so many
  /// places (nine digits before the point).
  private static func decimal(_ text: String, places: Int) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first, (1...9).contains(whole.utf8.count),
      parts.allSatisfy({ $0.utf8.allSatisfy(ASCII.isDigit) })
    else { return nil }
    let fraction = parts.count == 2 ? String(parts[1]) : "0"
    guard (1...places).contains(fraction.utf8.count) else { return nil }
    return Int(whole + fraction + String(repeating: "0", count: places - fraction.utf8.count))
  }

  /// A JSON number (RFC 8259, section 6) from `minimum` to `maximum`, spelling kept.
  static func jsonNumber(
    _ text: String, minimum: Double = 0, maximum: Double
  ) throws(ValueProblem) -> SpelledNumber {
    guard JSONText.isNumber(text), text.utf8.count <= 32, let value = Double(text) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not a JSON number",
        fix: "use a number such as 0.6 (a digit on both sides of the point, no plus sign)")
    }
    guard value >= minimum, value <= maximum else {
      throw ValueProblem(
        "\(text) is out of range", fix: "use \(minimum == 0 ? "0" : "\(minimum)") to \(maximum)")
    }
    return SpelledNumber(spelling: text, value: value)
  }

  /// A JSON number above zero.
  static func amount(_ text: String, maximum: Double) throws(ValueProblem) -> SpelledNumber {
    let number = try jsonNumber(text, maximum: maximum)
    guard number.value > 0 else {
      throw ValueProblem("\(text) is not above zero", fix: "use more than 0, or leave it out")
    }
    return number
  }
}
