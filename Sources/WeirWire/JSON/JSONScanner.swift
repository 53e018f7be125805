/// Reads the text of a `JSONDocument` from front to back.
struct JSONScanner {
  let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private static let deepest = 16

  var isAtEnd: Bool { position >= bytes.count }
  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  func fault(_ what: String) -> JSONDocument.Fault {
    JSONDocument.Fault(line: 1 + bytes.prefix(position).count { $0 == 0x0A }, what: what)
  }

  mutating func skipBlanks() {
    while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  /// Steps over `byte` where it is next, blanks before it skipped.
  private mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard current == byte else { return false }
    position += 1
    return true
  }

  mutating func value(depth: Int) throws(JSONDocument.Fault) -> JSONDocument {
    guard depth <= JSONScanner.deepest else { throw fault("it is nested too deep") }
    skipBlanks()
    switch current {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case nil: throw fault("it ends too early")
    default: return try word()
    }
  }

  private mutating func object(_ depth: Int) throws(JSONDocument.Fault) -> JSONDocument {
    position += 1
    var members: [String: JSONDocument] = [:]
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipBlanks()
      guard current == UInt8(ascii: "\"") else { throw fault("a key in quotation marks is missing") }
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw fault("a colon is missing") }
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: key) == nil else { throw fault("a key is there twice") }
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw fault("a comma or } is missing") }
    return .object(members)
  }

  private mutating func array(_ depth: Int) throws(JSONDocument.Fault) -> JSONDocument {
    position += 1
    var items: [JSONDocument] = []
    if take(UInt8(ascii: "]")) { return .array(items) }
    repeat { items.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw fault("a comma or ] is missing") }
    return .array(items)
  }

  private mutating func word() throws(JSONDocument.Fault) -> JSONDocument {
    let start = position
    while let byte = current, Self.isWordByte(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    switch text {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "null": return .null
    default:
      guard JSONText.isNumber(text) else { throw fault("a value is missing or not JSON") }
      return .number(text)
    }
  }

  private mutating func string() throws(JSONDocument.Fault) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = current, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw fault("a text holds a control character") }
      position += 1
      if byte == UInt8(ascii: "\\") {
        text += Array(String(try escape()).utf8)
      } else {
        text.append(byte)
      }
    }
    guard current != nil else { throw fault("a text does not end") }
    position += 1
    return String(decoding: text, as: UTF8.self)
  }

  private static let escapes: [UInt8: UnicodeScalar] = [
    UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
    UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
  ]

  /// What a backslash begins; half a surrogate pair gives U+FFFD.
  private mutating func escape() throws(JSONDocument.Fault) -> UnicodeScalar {
    guard let mark = current else { throw fault("a text does not end") }
    position += 1
    if let scalar = JSONScanner.escapes[mark] { return scalar }
    guard mark == UInt8(ascii: "u"), let unit = hexUnit() else {
      throw fault("a backslash stands before no escape")
    }
    guard (0xD800...0xDBFF).contains(unit) else { return UnicodeScalar(unit) ?? "\u{FFFD}" }
    let afterHigh = position
    if bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
      position += 2
      if let low = hexUnit(), (0xDC00...0xDFFF).contains(low) {
        return UnicodeScalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
      }
    }
    position = afterHigh
    return "\u{FFFD}"
  }

  private mutating func hexUnit() -> UInt32? {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy(Self.isHexDigit) else { return nil }
    position += 4
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  /// Letters, digits and the signs of numbers.
  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
  }
}
