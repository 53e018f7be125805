/// Reads the JSON of `SpendingFile` (RFC 8259): strict, bounded in depth, numbers are whole or kept as `.other`.
///
/// The reader of request bodies is not used, since its values do not outlive a call and belong to one event loop.
struct SpendingScanner {
  /// A JSON value.
  indirect enum Value: Equatable {
    case object([String: Value])
    case array([Value])
    case string(String)
    case number(Int64)
    /// A literal, or a number that is not whole or too large.
    case other
  }

  private let bytes: [UInt8]
  private var position = 0

  private static let deepest = 8

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The whole text as one value.
  mutating func document() throws(SpendingFile.Fault) -> Value {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw SpendingFile.Fault(reason: "it is not UTF-8", line: nil)
    }
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw fault("something follows the object") }
    return value
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func fault(_ reason: String) -> SpendingFile.Fault {
    SpendingFile.Fault(reason: reason, line: 1 + bytes.prefix(position).count { $0 == 0x0A })
  }

  private mutating func skipBlanks() {
    while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipBlanks()
    guard current == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(SpendingFile.Fault) -> Value {
    guard depth < SpendingScanner.deepest else { throw fault("it is nested too deep") }
    if take(UInt8(ascii: "{")) { return .object(try members(depth)) }
    if take(UInt8(ascii: "[")) { return .array(try items(depth)) }
    if current == UInt8(ascii: "\"") { return .string(try string()) }
    return try word()
  }

  private mutating func members(_ depth: Int) throws(SpendingFile.Fault) -> [String: Value] {
    var members: [String: Value] = [:]
    if take(UInt8(ascii: "}")) { return members }
    repeat {
      skipBlanks()
      let name = try string()
      guard take(UInt8(ascii: ":")) else { throw fault("a colon is missing") }
      guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else {
        throw fault("a name is there twice")
      }
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw fault("an object does not end") }
    return members
  }

  private mutating func items(_ depth: Int) throws(SpendingFile.Fault) -> [Value] {
    var items: [Value] = []
    if take(UInt8(ascii: "]")) { return items }
    repeat { items.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw fault("a list does not end") }
    return items
  }

  private mutating func word() throws(SpendingFile.Fault) -> Value {
    let start = position
    while let byte = current, SpendingScanner.isWordByte(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if text == "true" || text == "false" || text == "null" { return .other }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard let first = digits.utf8.first, (0x30...0x39).contains(first) else {
      throw fault(text.isEmpty ? "it ends too early, or a value is missing" : "a value is not JSON")
    }
    let isWhole = digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isWhole, digits == "0" || first != 0x30 else { return .other }
    return Int64(text).map(Value.number) ?? .other
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }

  private mutating func string() throws(SpendingFile.Fault) -> String {
    guard take(UInt8(ascii: "\"")) else { throw fault("a name in quotation marks is missing") }
    var text: [UInt8] = []
    while let byte = current, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw fault("a string holds a control character") }
      position += 1
      if byte == UInt8(ascii: "\\") { text.append(contentsOf: try escaped()) } else { text.append(byte) }
    }
    guard take(UInt8(ascii: "\"")) else { throw fault("a string does not end") }
    return String(decoding: text, as: UTF8.self)
  }

  /// What follows a backslash. weir writes no surrogate pairs, so half a pair is a fault.
  private mutating func escaped() throws(SpendingFile.Fault) -> [UInt8] {
    guard let mark = current else { throw fault("a string does not end") }
    position += 1
    switch mark {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [mark]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      let digits = bytes[position...].prefix(4)
      guard digits.count == 4, let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
        let scalar = UnicodeScalar(unit)
      else { throw fault("an escape names no character") }
      position += 4
      return Array(String(scalar).utf8)
    default: throw fault("a backslash stands before no escape")
    }
  }
}
