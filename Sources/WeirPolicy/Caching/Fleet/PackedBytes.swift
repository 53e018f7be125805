/// Writes numbers, texts and byte strings one after the other, integers with their lowest byte first.
struct PackedWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  mutating func append(_ number: UInt64) {
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * shift))) }
  }

  /// Bytes whose number the reader knows.
  mutating func append(raw part: [UInt8]) { bytes.append(contentsOf: part) }

  /// Bytes with their number before them.
  mutating func append(_ part: [UInt8]) {
    append(UInt64(part.count))
    bytes.append(contentsOf: part)
  }

  /// A text, or that there is none.
  mutating func append(_ text: String?) {
    append(UInt8(text == nil ? 0 : 1))
    if let text { append(Array(text.utf8)) }
  }
}

/// Reads what `PackedWriter` wrote, or finds that it did not: every method is nil then, and nothing is trusted.
struct PackedReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// Bytes that were not read.
  var count: Int { rest.count }

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func number() -> UInt64? {
    guard rest.count >= 8 else { return nil }
    var number: UInt64 = 0
    for shift in 0..<8 { number |= UInt64(rest[rest.startIndex + shift]) << (8 * shift) }
    rest = rest.dropFirst(8)
    return number
  }

  /// A number that is not above a bound.
  mutating func number(upTo bound: Int) -> Int? {
    guard let number = number(), number <= UInt64(max(bound, 0)) else { return nil }
    return Int(number)
  }

  mutating func raw(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func part(upTo bound: Int) -> ArraySlice<UInt8>? {
    guard let count = number(upTo: bound) else { return nil }
    return raw(count)
  }

  /// A text of UTF-8 without control characters, or `.some(nil)` where there is none.
  mutating func text(upTo bound: Int) -> String?? {
    guard let mark = byte(), mark <= 1 else { return nil }
    guard mark == 1 else { return .some(nil) }
    guard let bytes = part(upTo: bound), let text = String(validating: bytes, as: UTF8.self), Self.isPlain(bytes) else {
      return nil
    }
    return text
  }

  /// Whether no byte is a control character of ASCII.
  static func isPlain(_ bytes: some Sequence<UInt8>) -> Bool { bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
}
