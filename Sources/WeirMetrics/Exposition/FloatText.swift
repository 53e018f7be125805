/// Numbers as both exposition formats read them.
enum FloatText {
  /// A sample's value: whole numbers below 2^63 in plain digits, others in the shortest digits that read
  /// back as the same double.
  static func value(_ number: Double) -> String {
    if let special = special(number) { return special }
    if let whole = Int64(exactly: number) { return String(whole) }
    return number.description
  }

  /// A bucket's bound as value of the label `le`, in both formats, so that a series keeps its identity
  /// whichever is negotiated: Go's `%g` with `.0` where there is neither point nor exponent
  /// (OpenMetrics 1.0, "Canonical Numbers").
  static func bound(_ number: Double) -> String {
    if let special = special(number) { return special }
    let text = number.description
    // Go changes to an exponent at a million, Swift only where a double stops counting by ones; below
    // 0.0001 both do.
    guard number.magnitude >= 1_000_000, !text.contains("e") else { return text }
    return exponential(text)
  }

  private static func special(_ number: Double) -> String? {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
    return nil
  }

  /// "1048576.5" as "1.0485765e+06"; the text is at least a million and has a point.
  private static func exponential(_ text: String) -> String {
    let sign = text.hasPrefix("-") ? "-" : ""
    let unsigned = text.dropFirst(sign.count)
    let whole = unsigned.prefix { $0 != "." }
    var digits = unsigned.filter { $0 != "." }
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    let exponent = whole.count - 1
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    return sign + digits.prefix(1) + fraction + (exponent < 10 ? "e+0" : "e+") + String(exponent)
  }
}
