/// A second, plain validator of RFC 8259's grammar, to compare the fast one with.
struct ReferenceJSON {
  private let bytes: [UInt8]
  private var position = 0

  /// True for a valid document of any kind, at most 1024 deep.
  static func accepts(_ bytes: [UInt8]) -> Bool {
    guard String(validating: bytes, as: UTF8.self) != nil else { return false }
    var reader = ReferenceJSON(bytes: bytes)
    reader.skipSpace()
    guard reader.value(depth: 0) else { return false }
    reader.skipSpace()
    return reader.position == bytes.count
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ text: String) -> Bool {
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  private mutating func skipSpace() {
    while let byte = current, [0x20, 0x0a, 0x0d, 0x09].contains(byte) { position += 1 }
  }

  private mutating func value(depth: Int) -> Bool {
    if take("{") { return container(depth: depth, close: "}", keyed: true) }
    if take("[") { return container(depth: depth, close: "]", keyed: false) }
    if current == UInt8(ascii: "\"") { return string() }
    return take("true") || take("false") || take("null") || number()
  }

  private mutating func container(depth: Int, close: String, keyed: Bool) -> Bool {
    guard depth < 1024 else { return false }
    skipSpace()
    if take(close) { return true }
    repeat {
      skipSpace()
      if keyed {
        guard string() else { return false }
        skipSpace()
        guard take(":") else { return false }
        skipSpace()
      }
      guard value(depth: depth + 1) else { return false }
      skipSpace()
    } while take(",")
    return take(close)
  }

  private mutating func string() -> Bool {
    guard take("\"") else { return false }
    while let byte = current {
      position += 1
      if byte == UInt8(ascii: "\"") { return true }
      if byte < 0x20 { return false }
      guard byte == UInt8(ascii: "\\") else { continue }
      guard let escape = current else { return false }
      position += 1
      if escape == UInt8(ascii: "u") {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else {
          return false
        }
        position += 4
      } else if !"\"\\/bfnrt".utf8.contains(escape) {
        return false
      }
    }
    return false
  }

  private mutating func digits() -> Bool {
    let start = position
    while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
    return position > start
  }

  private mutating func number() -> Bool {
    _ = take("-")
    if !take("0") { guard digits() else { return false } }
    if take(".") { guard digits() else { return false } }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      guard digits() else { return false }
    }
    return true
  }
}
