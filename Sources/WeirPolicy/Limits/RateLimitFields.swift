/// Renders the state of limits as OpenAI's API does, whose clients read it.
///
/// Source: platform.openai.com/docs/guides/rate-limits, "Rate limits in headers" (`x-ratelimit-limit-requests: 60`,
/// `x-ratelimit-remaining-tokens: 149984`, `x-ratelimit-reset-tokens: 6m0s`).
extension RateLimitView {
  /// The headers, in lower case; none where nothing is limited.
  public var fields: [Refusal.Field] {
    var fields: [Refusal.Field] = []
    let parts = [("requests", requests), ("tokens", tokens)]
    for (name, value) in [("limit", \Part.limit), ("remaining", \Part.remaining)] {
      for (unit, part) in parts {
        guard let part else { continue }
        fields.append(Refusal.Field(name: "x-ratelimit-\(name)-\(unit)", value: "\(part[keyPath: value])"))
      }
    }
    for (unit, part) in parts {
      guard let part else { continue }
      fields.append(Refusal.Field(name: "x-ratelimit-reset-\(unit)", value: ResetDuration.text(part.reset)))
    }
    return fields
  }
}

/// A duration as Go writes it, to the millisecond: `0s`, `120ms`, `1s`, `8.64s`, `6m0s`, `1h0m0.5s`.
enum ResetDuration {
  /// The text of nanoseconds, rounded up.
  static func text(_ nanoseconds: Int64) -> String {
    let milliseconds = roundedUp(nanoseconds, 1_000_000)
    if milliseconds == 0 { return "0s" }
    if milliseconds < 1000 { return "\(milliseconds)ms" }
    let (minutes, left) = milliseconds.quotientAndRemainder(dividingBy: 60_000)
    let seconds = "\(left / 1000)\(fraction(left % 1000))s"
    if minutes == 0 { return seconds }
    return minutes < 60 ? "\(minutes)m\(seconds)" : "\(minutes / 60)h\(minutes % 60)m\(seconds)"
  }

  /// Whole units that cover a duration; none for one below zero.
  static func roundedUp(_ nanoseconds: Int64, _ unit: Int64) -> Int64 {
    let whole = max(nanoseconds, 0) / unit
    return max(nanoseconds, 0) % unit == 0 ? whole : whole + 1
  }

  private static func fraction(_ milliseconds: Int64) -> String {
    var digits = String(String(milliseconds + 1000).dropFirst())
    while digits.hasSuffix("0") { digits.removeLast() }
    return digits.isEmpty ? "" : ".\(digits)"
  }
}
