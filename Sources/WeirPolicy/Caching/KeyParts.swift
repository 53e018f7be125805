/// Parts one after the other, each with its length before it, so that no two lists of parts make the same bytes.
struct KeyParts {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(256) }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// Eight bytes, the lowest first.
  mutating func append(_ number: Int) {
    var rest = UInt64(bitPattern: Int64(number))
    for _ in 0..<8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  mutating func append(_ text: String) {
    append(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append(_ part: [UInt8]) {
    append(part.count)
    bytes.append(contentsOf: part)
  }

  mutating func append(_ list: [String]) {
    append(list.count)
    for text in list { append(text) }
  }
}
