/// Label values as they are exposed.
enum LabelText {
  /// The values of the series that takes what is past the bound.
  static func overflowValues(for names: [String]) -> [String] {
    Array(repeating: BoundedLabel.other, count: names.count)
  }

  /// One value for each name: missing ones are "", extra ones go.
  static func fitted(_ values: [String], to names: [String]) -> [String] {
    if values.count == names.count { return values }
    let missing = max(names.count - values.count, 0)
    return values.prefix(names.count) + Array(repeating: "", count: missing)
  }

  /// `name="value",…` without braces, escaped.
  static func rendered(names: [String], values: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in zip(names, values) {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "=\"".utf8)
      appendEscaped(value, escapesQuotes: true, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    return bytes
  }

  /// Escapes backslash and line feed, and the double quote where it would end the text (Prometheus text
  /// format 0.0.4, "Comments, help text, and type information"; OpenMetrics 1.0, "Escaping"). Both
  /// formats take every other character as it is.
  static func appendEscaped(_ text: String, escapesQuotes: Bool, to bytes: inout [UInt8]) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
      case UInt8(ascii: "\"") where escapesQuotes: bytes.append(contentsOf: "\\\"".utf8)
      default: bytes.append(byte)
      }
    }
  }
}
