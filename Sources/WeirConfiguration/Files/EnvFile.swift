/// An env file ("dotenv"): `NAME=value` lines, comments, an optional `export`, single and double quotes.
///
/// There is no standard; this reads what docker, node's and Python's dotenv agree on. Nothing is
/// interpolated: `$` stands for itself, so that a key may hold one.
///
/// - Unquoted: up to the line's end or a `#` after a blank, blanks around it dropped.
/// - `'single'`: every byte as it is, line breaks too.
/// - `"double"`: likewise, with `\n`, `\r`, `\t`, `\\`, `\"` and `\$` as escapes; other backslashes stay.
/// - Of a name that occurs twice, the last value counts.
struct EnvFile {
  /// A variable's value and the line it begins on.
  struct Entry: Equatable {
    let value: String
    let line: Int
  }

  private(set) var entries: [String: Entry] = [:]
  private(set) var problems: [ConfigurationProblem] = []

  private let path: String
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  /// Nothing: the file is absent.
  init() {
    self.init([], path: "")
  }

  /// Reads all of `bytes`; a line that cannot be read becomes a problem and is skipped.
  init(_ bytes: [UInt8], path: String) {
    self.path = path
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    while position < bytes.count { readLine() }
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }
  private var isAtLineEnd: Bool { current == nil || current == 0x0A }

  private mutating func advance() {
    if current == 0x0A { line += 1 }
    position += 1
  }

  private mutating func skipBlanks() {
    // A carriage return belongs to the line's end; elsewhere it is no better than a blank.
    while let byte = current, ASCII.isBlank(byte) || byte == 0x0D { advance() }
  }

  private mutating func skipLine() {
    while !isAtLineEnd { advance() }
    advance()
  }

  private mutating func readLine() {
    skipBlanks()
    if isAtLineEnd || current == UInt8(ascii: "#") { return skipLine() }
    let start = line
    var name = readName()
    if name == "export", current != UInt8(ascii: "=") { name = readName() }
    guard current == UInt8(ascii: "=") else {
      // Docker takes a bare name as "pass this one through"; here that says nothing, unless it is weir's.
      let isForeign = isAtLineEnd && !name.isEmpty && !Settings.claims(name) && !Self.isPartOfOurs(name)
      if !isForeign {
        // What is not a setting's name may be a piece of a key.
        let key = Settings.claims(name) ? name : nil
        report(
          start, key, "the line is not of the form NAME=value", "write NAME=value, or # before a comment")
      }
      return skipLine()
    }
    advance()
    readValue(of: name, from: start)
  }

  /// A name that was cut off while the file was written is not somebody else's.
  private static func isPartOfOurs(_ name: String) -> Bool {
    ["WEIR_", "KIMI_", "FEATURE_KIMI", "OPENROUTER_", "MOONSHOT_"].contains { name.hasPrefix($0) }
  }

  /// Letters, digits, `_`, `.` and `-`, and the blanks after them.
  private mutating func readName() -> String {
    let start = position
    while let byte = current, ASCII.isNameByte(byte) { advance() }
    let name = String(decoding: bytes[start..<position], as: UTF8.self)
    skipBlanks()
    return name
  }

  private mutating func readValue(of name: String, from start: Int) {
    guard !name.isEmpty else {
      report(start, nil, "no name stands before the =", "write NAME=value")
      return skipLine()
    }
    skipBlanks()
    let value: [UInt8]
    if let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      guard let quoted = readQuoted(by: quote) else {
        return report(start, name, "the quotation mark is never closed", "close it")
      }
      skipBlanks()
      guard isAtLineEnd || current == UInt8(ascii: "#") else {
        report(start, name, "something follows the closing quotation mark", "quote the value as a whole")
        return skipLine()
      }
      value = quoted
    } else {
      value = readUnquoted()
    }
    skipLine()
    store(value, as: name, from: start)
  }

  private mutating func readUnquoted() -> [UInt8] {
    let start = position
    var end = position
    while let byte = current, byte != 0x0A {
      if byte == UInt8(ascii: "#"), position > 0, ASCII.isBlank(bytes[position - 1]) { break }
      advance()
      if !ASCII.isBlank(byte), byte != 0x0D { end = position }
    }
    return Array(bytes[start..<end])
  }

  /// What stands between the quotation marks; nil when the second is missing, with all of the file read.
  private mutating func readQuoted(by quote: UInt8) -> [UInt8]? {
    advance()
    var value: [UInt8] = []
    while let byte = current {
      advance()
      if byte == quote { return value }
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), let next = current {
        if let escaped = EnvFile.escapes[next] {
          advance()
          value.append(escaped)
          continue
        }
      }
      value.append(byte)
    }
    return nil
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "\""): UInt8(ascii: "\""),
    UInt8(ascii: "$"): UInt8(ascii: "$"),
  ]

  private mutating func store(_ bytes: [UInt8], as name: String, from start: Int) {
    guard let value = String(validating: bytes, as: UTF8.self) else {
      if Settings.claims(name) { report(start, name, "the value is not UTF-8", "save the file as UTF-8") }
      return
    }
    if let earlier = entries[name], earlier.value != value, Settings.claims(name) {
      report(
        start, name, "this replaces the value of line \(earlier.line)", "keep one of them", severity: .warning
      )
    }
    entries[name] = Entry(value: value, line: start)
  }

  private mutating func report(
    _ line: Int, _ name: String?, _ what: String, _ fix: String,
    severity: ConfigurationProblem.Severity = .error
  ) {
    let key = name.flatMap { $0.isEmpty ? nil : $0 }
    problems.append(ConfigurationProblem(severity, source: path, line: line, key: key, what: what, fix: fix))
  }
}
