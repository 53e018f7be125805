/// Reads a path the way lax servers would: percent-decoded, perhaps more than once, with backslashes as slashes.
enum PathSegments {
  /// A path that is still encoded after so many rounds was made to confuse somebody.
  private static let maximumRounds = 4

  /// Whether any segment may be read as `.` or `..`, or the path's end may be read in two ways.
  static func leavesBase(_ path: Substring) -> Bool {
    var bytes = Array(path.utf8)
    // Dots are rare in API paths: without one, raw or encoded, there is nothing to decode.
    guard bytes.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "%") }) else { return false }
    guard !hasBrokenEscape(bytes) else { return true }
    for _ in 0..<maximumRounds {
      let decoded = decodedOnce(bytes)
      if hasDots(decoded) || hasAmbiguousByte(decoded) { return true }
      if decoded == bytes { return false }
      bytes = decoded
    }
    return true
  }

  /// The path as lax servers read it: decoded no time, once and up to four times, each in lower case, without doubled
  /// slashes, path parameters and blanks at the end of a segment. A server that cuts the path before it decodes it sees
  /// other segments than one that decodes first.
  static func plainReadings(_ path: Substring) -> [String] {
    var bytes = Array(path.utf8)
    var readings = [plain(bytes)]
    for _ in 0..<maximumRounds {
      let decoded = decodedOnce(bytes)
      if decoded == bytes { break }
      bytes = decoded
      readings.append(plain(bytes))
    }
    return readings
  }

  private static func plain(_ bytes: [UInt8]) -> String {
    let segments = bytes.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }.map { segment in
      var name = segment.prefix { $0 != UInt8(ascii: ";") }
      while name.last == UInt8(ascii: " ") { name.removeLast() }
      return String(decoding: name, as: UTF8.self).lowercased()
    }
    return "/" + segments.joined(separator: "/")
  }

  private static func hasBrokenEscape(_ bytes: [UInt8]) -> Bool {
    for index in bytes.indices where bytes[index] == UInt8(ascii: "%") {
      guard escaped(bytes, at: index) != nil else { return true }
    }
    return false
  }

  /// A `%` that begins no escape stays.
  private static func decodedOnce(_ bytes: [UInt8]) -> [UInt8] {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if let byte = escaped(bytes, at: index) {
        decoded.append(byte)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return decoded
  }

  private static func escaped(_ bytes: [UInt8], at index: Int) -> UInt8? {
    guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count else { return nil }
    guard let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2]) else { return nil }
    return high << 4 | low
  }

  private static func hasDots(_ bytes: [UInt8]) -> Bool {
    bytes.split(omittingEmptySubsequences: true) { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
      .contains(where: isDots)
  }

  private static func isDots(_ segment: ArraySlice<UInt8>) -> Bool {
    // `..;x` is `..` to servers that read path parameters (RFC 3986, section 3.3); file systems drop trailing blanks.
    var name = segment.prefix { $0 != UInt8(ascii: ";") }
    while name.last == UInt8(ascii: " ") { name.removeLast() }
    return (name.count == 1 || name.count == 2) && name.allSatisfy { $0 == UInt8(ascii: ".") }
  }

  /// Control characters, at which a server may cut the path, and the lead bytes of overlong UTF-8, which some servers
  /// read as `.` or `/` (RFC 3629, section 3).
  private static func hasAmbiguousByte(_ bytes: [UInt8]) -> Bool {
    for (index, byte) in bytes.enumerated() {
      if byte < 0x20 || byte == 0xC0 || byte == 0xC1 { return true }
      if byte == 0xE0, index + 1 < bytes.count, bytes[index + 1] < 0xA0 { return true }
    }
    return false
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
