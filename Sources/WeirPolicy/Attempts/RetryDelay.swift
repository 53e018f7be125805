/// Reads how long an upstream asks to be left alone.
public enum RetryDelay {
  /// No answer is longer: what asks for a year is held for an hour, then asked again.
  public static let longest: Int64 = 3_600_000_000_000

  /// One of the `x-ratelimit-reset` fields.
  public struct Reset: Sendable, Equatable {
    /// The value of `x-ratelimit-reset`, `x-ratelimit-reset-requests` or `x-ratelimit-reset-tokens`.
    public let value: String
    /// The value of the `x-ratelimit-remaining` field of the same name.
    public let remaining: String?

    /// Pairs the fields of one limit.
    public init(_ value: String, remaining: String? = nil) {
      self.value = value
      self.remaining = remaining
    }
  }

  /// Nanoseconds from now, from zero to `longest`; nil where no field says anything that can be read.
  ///
  /// The first that can be read holds: `retry-after-ms` (OpenAI), `Retry-After` (RFC 9110, section 10.2.3: seconds or a
  /// date), then the reset fields: of the limits with nothing remaining, or of all where none is so marked, the one
  /// that takes longest. What is negative or past is zero.
  ///
  /// - Parameters:
  ///   - date: the reply's `Date`. Either clock may be wrong, this machine's or that of whoever set the date, and by the one
  ///     that is an hour behind a moment from now would be an hour away: it counts from both, and the shorter wait holds.
  ///   - wall: the present, in seconds since 1970.
  public static func parse(
    retryAfter: String?, retryAfterMilliseconds: String? = nil, resets: [Reset] = [], date: String? = nil, wall: Int64
  ) -> Int64? {
    let clocks = [wall, date.flatMap { HTTPDate.parse(String(trimmed($0)), wall: wall) } ?? wall]
    let waits = clocks.compactMap { wait(retryAfter, retryAfterMilliseconds, resets, wall: $0) }
    // By the clock that is ahead the moment is past.
    return waits.filter { $0 > 0 }.min() ?? waits.first
  }

  private static func wait(
    _ retryAfter: String?, _ retryAfterMilliseconds: String?, _ resets: [Reset], wall: Int64
  ) -> Int64? {
    if let text = retryAfterMilliseconds, let wait = scaled(text, unit: 1_000_000) { return bounded(wait) }
    if let text = retryAfter {
      if let wait = scaled(text, unit: 1_000_000_000) { return bounded(wait) }
      if let date = HTTPDate.parse(String(trimmed(text)), wall: wall) {
        return until(date, unit: 1_000_000_000, wall: wall)
      }
    }
    let spent = resets.filter { $0.remaining.map(trimmed) == "0" }
    return (spent.isEmpty ? resets : spent).compactMap { reset($0.value, wall: wall) }.max()
  }

  /// OpenRouter sends the moment in milliseconds since 1970, OpenAI a span such as `6m0s`; others send seconds since
  /// 1970 or from now, which their size tells apart.
  private static func reset(_ text: String, wall: Int64) -> Int64? {
    guard let plain = scaled(text, unit: 1) else { return duration(text).map(bounded) }
    switch plain {
    case 100_000_000_000...: return until(plain, unit: 1_000_000, wall: wall)
    case 1_000_000_000...: return until(plain, unit: 1_000_000_000, wall: wall)
    default: return scaled(text, unit: 1_000_000_000).map(bounded)
    }
  }

  /// - Parameter unit: nanoseconds of one unit of `moment`, which counts from 1970.
  private static func until(_ moment: Int64, unit: Int64, wall: Int64) -> Int64 {
    // To the year 9999, so that nothing overflows.
    let present = min(max(wall, 0), 253_402_300_799) * (1_000_000_000 / unit)
    let units = moment - present
    return units >= longest / unit ? longest : max(units, 0) * unit
  }

  private static func bounded(_ wait: Int64) -> Int64 { min(max(wait, 0), longest) }

  /// A decimal number times `unit`, at most `Int64.max`; nil for anything else.
  private static func scaled(_ text: String, unit: Int64) -> Int64? {
    var scanner = SpanScanner(trimmed(text))
    guard let value = scanner.number(unit: { _ in unit }), scanner.isAtEnd else { return nil }
    return scanner.isNegative ? 0 : value
  }

  /// The spans of Go's `time.Duration`, which OpenAI's fields are written in: numbers, each with a unit.
  private static func duration(_ text: String) -> Int64? {
    var scanner = SpanScanner(trimmed(text))
    var sum: Int64 = 0
    repeat {
      guard let value = scanner.number(unit: { $0.unit() }) else { return nil }
      let (total, isTooLarge) = sum.addingReportingOverflow(value)
      sum = isTooLarge ? .max : total
    } while !scanner.isAtEnd
    return scanner.isNegative ? 0 : sum
  }

  private static func trimmed(_ text: String) -> Substring {
    var bytes = text[...].utf8
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return Substring(bytes)
  }
}

/// Reads numbers and units of time from the front of a field's value.
private struct SpanScanner {
  private var rest: Substring.UTF8View
  let isNegative: Bool

  init(_ text: Substring) {
    rest = text.utf8
    isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
  }

  var isAtEnd: Bool { rest.isEmpty }

  /// A decimal number without sign or exponent, times its unit in nanoseconds, at most `Int64.max`.
  mutating func number(unit: (inout SpanScanner) -> Int64?) -> Int64? {
    guard let whole = digits() else { return nil }
    var fraction = 0.0
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      let digits = rest.prefix(while: Self.isDigit)
      guard !digits.isEmpty else { return nil }
      rest = rest[digits.endIndex...]
      fraction = digits.prefix(12).reversed().reduce(0) { ($0 + Double($1 - 0x30)) / 10 }
    }
    guard let unit = unit(&self) else { return nil }
    let (product, isTooLarge) = whole.multipliedReportingOverflow(by: unit)
    let (sum, isOver) = product.addingReportingOverflow(Int64(fraction * Double(unit)))
    return isTooLarge || isOver ? .max : sum
  }

  /// A unit of time in nanoseconds.
  mutating func unit() -> Int64? {
    let name = rest.prefix { $0 != UInt8(ascii: ".") && !Self.isDigit($0) }
    rest = rest[name.endIndex...]
    switch String(Substring(name)) {
    case "ns": return 1
    case "us", "µs", "μs": return 1_000
    case "ms": return 1_000_000
    case "s": return 1_000_000_000
    case "m": return 60_000_000_000
    case "h": return 3_600_000_000_000
    case "d": return 86_400_000_000_000
    default: return nil
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// Eighteen digits are read; a longer number counts as the largest of that length.
  private mutating func digits() -> Int64? {
    let text = rest.prefix(while: Self.isDigit)
    guard !text.isEmpty else { return nil }
    rest = rest[text.endIndex...]
    let significant = text.drop { $0 == UInt8(ascii: "0") }
    guard significant.count <= 18 else { return 999_999_999_999_999_999 }
    return significant.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }
}
