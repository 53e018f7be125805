/// The directives of a `Cache-Control` line (RFC 9111, section 5.2), one after the other: `name`, `name=token` or
/// `name="quoted, string"`. Parts that follow no rule are skipped up to the next comma.
struct DirectiveList {
  struct Directive: Equatable {
    /// In lower case.
    var name: String
    /// Without its quotes, escapes undone.
    var argument: [UInt8]?
  }

  private var rest: Substring.UTF8View

  init(_ line: String) { rest = line[...].utf8 }

  /// Nil after the last one.
  mutating func next() -> Directive? {
    while true {
      skip { $0.isBlank || $0 == UInt8(ascii: ",") }
      guard !rest.isEmpty else { return nil }
      let name = take { !$0.isBlank && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
      skip(\.isBlank)
      var argument: [UInt8]?
      if rest.first == UInt8(ascii: "=") {
        rest = rest.dropFirst()
        skip(\.isBlank)
        argument =
          rest.first == UInt8(ascii: "\"") ? quoted() : Array(take { !$0.isBlank && $0 != UInt8(ascii: ",") })
      }
      skip { $0 != UInt8(ascii: ",") }
      guard !name.isEmpty else { continue }
      return Directive(name: String(decoding: name.map(\.lowercase), as: UTF8.self), argument: argument)
    }
  }

  /// RFC 9110, section 5.6.4; one that is not closed ends with the line.
  private mutating func quoted() -> [UInt8] {
    rest = rest.dropFirst()
    var text: [UInt8] = []
    while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      if let escaped = rest.popFirst() { text.append(escaped) }
    }
    return text
  }

  private mutating func skip(_ isSkipped: (UInt8) -> Bool) { rest = rest.drop(while: isSkipped) }

  private mutating func take(_ isTaken: (UInt8) -> Bool) -> Substring.UTF8View {
    let part = rest.prefix(while: isTaken)
    rest = rest[part.endIndex...]
    return part
  }
}

extension UInt8 {
  /// Optional white space of HTTP (RFC 9110, section 5.6.3).
  fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 }

  fileprivate var lowercase: UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
  }
}

extension Substring.UTF8View {
  /// Without white space at both ends.
  var trimmed: Substring.UTF8View {
    var text = drop(while: \.isBlank)
    while text.last?.isBlank == true { text = text.dropLast() }
    return text
  }
}
