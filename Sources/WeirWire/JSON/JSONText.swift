/// Writing JSON strings (RFC 8259, section 7): quotes, backslashes and control characters are escaped, all else stays.
public enum JSONText {
  /// The string as a JSON string, quotes included.
  public static func quoted(_ string: String) -> String {
    var string = string
    return string.withUTF8 { text in
      guard unsafe isPlain(text) else {
        var bytes: [UInt8] = []
        unsafe appendQuoted(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
      }
      return unsafe String(unsafeUninitializedCapacity: text.count + 2) { room in
        unsafe room[0] = UInt8(ascii: "\"")
        _ = unsafe room[1...].update(fromContentsOf: text)
        unsafe room[text.count + 1] = UInt8(ascii: "\"")
        return text.count + 2
      }
    }
  }

  /// Appends the string as a JSON string, quotes included.
  public static func appendQuoted(_ string: String, to bytes: inout [UInt8]) {
    var string = string
    string.withUTF8 { unsafe appendQuoted($0, to: &bytes) }
  }

  private static func appendQuoted(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if unsafe isPlain(text) {
      unsafe bytes.append(contentsOf: text)
    } else {
      unsafe appendEscaped(text, to: &bytes)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var special = 0
    // Without a way out of the loop the compiler makes vectors of it.
    for index in text.indices {
      let byte = unsafe text[index]
      special |= byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0
    }
    return special == 0
  }

  private static func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    for index in text.indices {
      let byte = unsafe text[index]
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0a: bytes.append(contentsOf: "\\n".utf8)
      case 0x0d: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 0xf))
      default: bytes.append(byte)
      }
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + (value - 10)
  }
}
