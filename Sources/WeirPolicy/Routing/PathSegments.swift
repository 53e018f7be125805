/// Reads a path the way a lax server would: percent-decoded, with backslashes as slashes.
enum PathSegments {
  /// Whether any segment is `.` or `..` after decoding, so that a server might resolve it.
  static func leavesBase(_ path: Substring) -> Bool {
    // Dots are rare in API paths: without one, raw or encoded, there is nothing to decode.
    guard path.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "%") }) else { return false }
    var segment: [UInt8] = []
    var bytes = path.utf8.makeIterator()
    while let byte = bytes.next() {
      var decoded = byte
      if byte == UInt8(ascii: "%") {
        guard let high = bytes.next(), let low = bytes.next() else { return true }
        guard let value = hexadecimal(high, low) else { return true }
        decoded = value
      }
      if decoded == UInt8(ascii: "/") || decoded == UInt8(ascii: "\\") {
        if isDots(segment) { return true }
        segment.removeAll(keepingCapacity: true)
      } else {
        segment.append(decoded)
      }
    }
    return isDots(segment)
  }

  private static func isDots(_ segment: [UInt8]) -> Bool {
    // `..;x` is `..` to servers that read path parameters (RFC 3986, section 3.3).
    let name = segment.prefix { $0 != UInt8(ascii: ";") }
    return (name.count == 1 || name.count == 2) && name.allSatisfy { $0 == UInt8(ascii: ".") }
  }

  private static func hexadecimal(_ high: UInt8, _ low: UInt8) -> UInt8? {
    guard let high = digit(high), let low = digit(low) else { return nil }
    return high << 4 | low
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
