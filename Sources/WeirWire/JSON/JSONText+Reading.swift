extension JSONText {
  /// What a JSON string stands for (RFC 8259, section 7), its escapes undone; nil where the text is no string. Of a
  /// document that was validated; a lone surrogate becomes U+FFFD.
  ///
  /// - Parameter literal: a whole value as it is written, quotes included.
  public static func string(_ literal: String) -> String? {
    var literal = literal
    return literal.withUTF8 { bytes in
      let quote = UInt8(ascii: "\"")
      guard bytes.count >= 2, unsafe bytes.first == quote, unsafe bytes.last == quote else { return nil }
      return unsafe unescapedText(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[1..<bytes.count - 1]))
    }
  }

  /// Whether the text is a JSON number (RFC 8259, section 6) and nothing else.
  public static func isNumber(_ text: String) -> Bool {
    var rest = text.utf8[...]
    func takeDigits() -> Int {
      let digits = rest.prefix { (0x30...0x39).contains($0) }.count
      rest = rest.dropFirst(digits)
      return digits
    }
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let startsWithZero = rest.first == UInt8(ascii: "0")
    let whole = takeDigits()
    guard whole > 0, !(startsWithZero && whole > 1) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard takeDigits() > 0 else { return false }
    }
    if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
      guard takeDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
