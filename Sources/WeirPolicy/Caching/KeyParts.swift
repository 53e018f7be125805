/// Parts one after the other, each with its length before it, so that no two lists of parts make the same bytes.
public struct KeyParts {
  private(set) var bytes: [UInt8] = []

  /// No parts yet.
  public init() { bytes.reserveCapacity(256) }

  mutating func removeAll() { bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes) }

  /// Room up to this size serves another request.
  private static let keptBytes = 16 * 1024

  borrowing func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    unsafe bytes.withUnsafeBytes { unsafe body($0) }
  }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// Eight bytes, the lowest first.
  mutating func append(_ number: Int) {
    unsafe Self.withBytes(of: number) { unsafe bytes.append(contentsOf: $0) }
  }

  /// A number as it stands among the parts.
  static func withBytes(of number: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    unsafe withUnsafeBytes(of: Int64(number).littleEndian) { unsafe body($0) }
  }

  mutating func append(_ text: String) {
    append(text.utf8.count)
    unsafe text.utf8Span.span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  /// As a list of one or none.
  mutating func append(optional text: String?) {
    append(text == nil ? 0 : 1)
    if let text { append(text) }
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
