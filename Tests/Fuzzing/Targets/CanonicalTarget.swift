import WeirWire

/// The form that the cache compares: made of JSON alone, its own fixed point, and not longer than what it was made of.
enum CanonicalTarget {
  static func check(_ bytes: [UInt8]) throws(Finding) {
    guard let once = canonical(bytes) else {
      // The reader of weir's own small files takes no more than JSON, but for a byte order mark.
      let isRead = (try? JSONDocument.read(bytes)) != nil
      try expect(!isRead || bytes.starts(with: [0xEF, 0xBB, 0xBF]), "a small file is read that is not JSON")
      return
    }
    try expect(once.count <= bytes.count, "the canonical form is longer")
    guard let twice = canonical(once) else { throw Finding("the canonical form is not JSON") }
    try expect(once == twice, "the canonical form changes when it is made again")
    let spaced = [UInt8(ascii: " "), UInt8(ascii: "\n")] + bytes + [UInt8(ascii: "\t"), UInt8(ascii: "\r")]
    try expect(canonical(spaced) == once, "white space around the document tells")
    try checkText(bytes)
  }

  /// A document that is one string reads the same in both readers.
  private static func checkText(_ bytes: [UInt8]) throws(Finding) {
    guard case .string(let text)? = try? JSONDocument.read(bytes) else { return }
    let literal = String(decoding: bytes, as: UTF8.self).trimmed()
    guard let other = JSONText.string(literal) else { throw Finding("a string is none to the other reader") }
    try expect(Array(other.utf8) == Array(text.utf8), "two readers read a string differently")
    let quoted = JSONText.quoted(text)
    try expect(JSONText.string(quoted).map { Array($0.utf8) } == Array(text.utf8), "a quoted string reads differently")
  }

  /// Nil where the bytes are not JSON.
  static func canonical(_ bytes: [UInt8]) -> [UInt8]? {
    unsafe bytes.withUnsafeBytes { document in unsafe CanonicalJSON().write(document) { unsafe Array($0) } }
  }
}

extension String {
  /// Without JSON's white space at both ends.
  fileprivate func trimmed() -> String {
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let start = utf8.firstIndex { !blanks.contains($0) } ?? utf8.endIndex
    let end = utf8.lastIndex { !blanks.contains($0) }.map { utf8.index(after: $0) } ?? start
    return String(decoding: Array(utf8[start..<max(start, end)]), as: UTF8.self)
  }
}
