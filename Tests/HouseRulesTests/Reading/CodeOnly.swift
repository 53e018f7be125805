/// Blanks comments and string literals, in Swift and, nearly enough, in C.
///
/// Knows nested comments, raw and multi-line strings, and interpolations, whose code it keeps. It does not
/// know regular-expression literals: a quotation mark in one blanks the rest of its line.
struct CodeOnly {
  private enum Place: Equatable {
    /// Inside this many open parentheses since the interpolation began.
    case interpolation(open: Int)
    case string(hashes: Int, isMultiline: Bool)
    case comment(depth: Int)
    case lineComment
  }

  private let bytes: [UInt8]
  private var position = 0
  private var places: [Place] = []
  private var code: [UInt8] = []

  static func of(_ text: String) -> String {
    var reader = CodeOnly(bytes: Array(text.utf8))
    return reader.read()
  }

  private init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  private mutating func read() -> String {
    while position < bytes.count {
      switch places.last {
      case nil: readCode(open: nil)
      case .interpolation(let open): readCode(open: open)
      case .string(let hashes, let isMultiline): readString(hashes, isMultiline)
      case .comment(let depth): readComment(depth)
      case .lineComment: readLineComment()
      }
    }
    return String(decoding: code, as: UTF8.self)
  }

  private func has(_ text: String, at offset: Int = 0) -> Bool {
    bytes[min(position + offset, bytes.count)...].starts(with: text.utf8)
  }

  private mutating func keep() {
    code.append(bytes[position])
    position += 1
  }

  /// Line breaks stay, so that line numbers do.
  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count where position < bytes.count {
      code.append(bytes[position] == 0x0A ? 0x0A : 0x20)
      position += 1
    }
  }

  private mutating func readCode(open: Int?) {
    if has("//") {
      places.append(.lineComment)
    } else if has("/*") {
      blank(2)
      places.append(.comment(depth: 1))
    } else if let hashes = hashesBeforeQuote {
      blank(hashes)
      let isMultiline = has("\"\"\"")
      keep()
      if isMultiline { blank(2) }
      places.append(.string(hashes: hashes, isMultiline: isMultiline))
    } else if let open, has("(") || has(")") {
      let depth = open + (has("(") ? 1 : -1)
      keep()
      places.removeLast()
      if depth >= 0 { places.append(.interpolation(open: depth)) }
    } else {
      keep()
    }
  }

  private var hashesBeforeQuote: Int? {
    let hashes = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
    return has("\"", at: hashes) ? hashes : nil
  }

  private mutating func readString(_ hashes: Int, _ isMultiline: Bool) {
    let marks = String(repeating: "#", count: hashes)
    if has("\\" + marks + "(") {
      blank(1 + hashes)
      keep()
      places.append(.interpolation(open: 0))
    } else if has("\\" + marks) {
      blank(2 + hashes)
    } else if has((isMultiline ? "\"\"\"" : "\"") + marks) {
      keep()
      blank((isMultiline ? 2 : 0) + hashes)
      places.removeLast()
    } else {
      // A literal that its line does not close is none: an apostrophe's neighbour in C, for example.
      if has("\n"), !isMultiline { places.removeLast() }
      blank()
    }
  }

  private mutating func readComment(_ depth: Int) {
    if has("/*") || has("*/") {
      let inner = depth + (has("/*") ? 1 : -1)
      blank(2)
      places.removeLast()
      if inner > 0 { places.append(.comment(depth: inner)) }
    } else {
      blank()
    }
  }

  private mutating func readLineComment() {
    if has("\n") { places.removeLast() }
    blank()
  }
}
