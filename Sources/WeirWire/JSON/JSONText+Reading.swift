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
}
