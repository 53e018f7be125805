/// Why bytes are not JSON, and where.
struct JSONError: Error, Equatable {
  let reason: String
  /// Bytes before the place.
  let offset: Int
}

extension JSON {
  /// Reads one JSON text (RFC 8259). Throws `JSONError`; nesting is bounded at 512.
  init(parsing bytes: Span<UInt8>) throws(JSONError) {
    var reader = JSONReader()
    reader.skipSpace(bytes)
    let value = try reader.readValue(bytes, depth: 0)
    reader.skipSpace(bytes)
    guard reader.offset == bytes.count else { throw reader.failure("something follows the value") }
    self = value
  }

  init(parsing bytes: [UInt8]) throws(JSONError) { try self.init(parsing: bytes.span) }
}

/// A cursor over the text; the span is handed to each step since a struct cannot keep it.
private struct JSONReader {
  var offset = 0
  private static let deepest = 512

  func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: offset) }

  func peek(_ bytes: Span<UInt8>) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skipSpace(_ bytes: Span<UInt8>) {
    while let byte = peek(bytes), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  mutating func expect(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) throws(JSONError) {
    guard peek(bytes) == UInt8(ascii: character) else { throw failure("`\(character)` is missing") }
    offset += 1
  }

  mutating func readValue(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSON {
    guard depth < JSONReader.deepest else { throw failure("nested deeper than \(JSONReader.deepest)") }
    switch peek(bytes) {
    case UInt8(ascii: "{"): return try readObject(bytes, depth: depth)
    case UInt8(ascii: "["): return try readArray(bytes, depth: depth)
    case UInt8(ascii: "\""): return .string(try readString(bytes))
    case UInt8(ascii: "t"): return try readWord("true", .bool(true), bytes)
    case UInt8(ascii: "f"): return try readWord("false", .bool(false), bytes)
    case UInt8(ascii: "n"): return try readWord("null", .null, bytes)
    default: return try readNumber(bytes)
    }
  }

  private mutating func readWord(_ word: StaticString, _ value: JSON, _ bytes: Span<UInt8>) throws(JSONError)
    -> JSON
  {
    for character in word.description.unicodeScalars { try expect(character, bytes) }
    return value
  }

  private mutating func readObject(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSON {
    try expect("{", bytes)
    var members: [JSON.Member] = []
    skipSpace(bytes)
    if peek(bytes) == UInt8(ascii: "}") {
      offset += 1
      return .object(members)
    }
    while true {
      skipSpace(bytes)
      let name = try readString(bytes)
      skipSpace(bytes)
      try expect(":", bytes)
      skipSpace(bytes)
      members.append(JSON.Member(name: name, value: try readValue(bytes, depth: depth + 1)))
      skipSpace(bytes)
      if peek(bytes) == UInt8(ascii: ",") {
        offset += 1
      } else {
        try expect("}", bytes)
        return .object(members)
      }
    }
  }

  private mutating func readArray(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSON {
    try expect("[", bytes)
    var elements: [JSON] = []
    skipSpace(bytes)
    if peek(bytes) == UInt8(ascii: "]") {
      offset += 1
      return .array(elements)
    }
    while true {
      skipSpace(bytes)
      elements.append(try readValue(bytes, depth: depth + 1))
      skipSpace(bytes)
      if peek(bytes) == UInt8(ascii: ",") {
        offset += 1
      } else {
        try expect("]", bytes)
        return .array(elements)
      }
    }
  }

  private mutating func readNumber(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
    let start = offset
    if peek(bytes) == UInt8(ascii: "-") { offset += 1 }
    let whole = try readDigits(bytes)
    if whole.count > 1, whole.first == UInt8(ascii: "0") { throw failure("a number begins with 0") }
    if peek(bytes) == UInt8(ascii: ".") {
      offset += 1
      _ = try readDigits(bytes)
    }
    if let byte = peek(bytes), byte | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if let sign = peek(bytes), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
      _ = try readDigits(bytes)
    }
    return .number(String(decoding: copy(bytes, start..<offset), as: UTF8.self))
  }

  private mutating func readDigits(_ bytes: Span<UInt8>) throws(JSONError) -> (count: Int, first: UInt8?) {
    let start = offset
    let first = peek(bytes)
    while let byte = peek(bytes), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
    guard offset > start else { throw failure("a value is missing or malformed") }
    return (offset - start, first)
  }

  private func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var copied: [UInt8] = []
    copied.reserveCapacity(range.count)
    for index in range { copied.append(bytes[index]) }
    return copied
  }

  private mutating func readString(_ bytes: Span<UInt8>) throws(JSONError) -> String {
    try expect("\"", bytes)
    let start = offset
    while let byte = peek(bytes) {
      if byte == UInt8(ascii: "\"") {
        defer { offset += 1 }
        return try text(of: bytes.extracting(start..<offset))
      }
      if byte == UInt8(ascii: "\\") { return try readEscapedString(bytes, from: start) }
      guard byte >= 0x20 else { throw failure("a control character in a string") }
      offset += 1
    }
    throw failure("a string does not end")
  }

  private func text(of bytes: Span<UInt8>) throws(JSONError) -> String {
    do { return String(copying: try UTF8Span(validating: bytes)) } catch {
      throw failure("a string is not UTF-8")
    }
  }

  /// The rest of a string that has escapes; `start` is where its text begins.
  private mutating func readEscapedString(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> String {
    var unescaped = copy(bytes, start..<offset)
    while let byte = peek(bytes) {
      offset += 1
      if byte == UInt8(ascii: "\"") { return try text(of: unescaped.span) }
      if byte == UInt8(ascii: "\\") {
        unescaped.append(contentsOf: String(try readEscape(bytes)).utf8)
      } else {
        guard byte >= 0x20 else { throw failure("a control character in a string") }
        unescaped.append(byte)
      }
    }
    throw failure("a string does not end")
  }

  private mutating func readEscape(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
    guard let byte = peek(bytes) else { throw failure("a string does not end") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{08}"
    case UInt8(ascii: "f"): return "\u{0C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try readUnicodeEscape(bytes)
    default: throw failure("an unknown escape")
    }
  }

  /// A surrogate without its partner becomes U+FFFD: Swift strings cannot hold it.
  private mutating func readUnicodeEscape(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
    let first = try readFourDigits(bytes)
    if let scalar = Unicode.Scalar(first) { return scalar }
    let afterFirst = offset
    if first < 0xDC00, peek(bytes) == UInt8(ascii: "\\") {
      offset += 1
      if peek(bytes) == UInt8(ascii: "u") {
        offset += 1
        let second = try readFourDigits(bytes)
        if second >= 0xDC00, second < 0xE000 {
          return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
        }
      }
      offset = afterFirst
    }
    return "\u{FFFD}"
  }

  private mutating func readFourDigits(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(bytes), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("a \\u escape needs four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
