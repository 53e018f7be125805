/// The columns of one row as bytes, in the order in which they are bound: a tag, then eight bytes of a number, or four of
/// a text's length and its UTF-8. Written on a request's event loop, read by the ledger's writer, never stored.
enum PackedColumn {
  static let null: UInt8 = 0
  static let integer: UInt8 = 1
  static let double: UInt8 = 2
  static let text: UInt8 = 3

  /// A tag and a number, which is also what a text takes beside its UTF-8.
  static let fixedBytes = 9
}

/// Writes a row's columns into room that the caller knows to be large enough.
@unsafe struct ColumnPacker {
  private let room: UnsafeMutableRawPointer
  /// Bytes written.
  private(set) var count = 0

  init(_ room: UnsafeMutableRawPointer) { unsafe self.room = room }

  mutating func add(_ value: Int64?) {
    guard let value else { return unsafe tag(PackedColumn.null) }
    unsafe tag(PackedColumn.integer)
    unsafe room.storeBytes(of: value, toByteOffset: count, as: Int64.self)
    unsafe count += 8
  }

  mutating func add(_ value: Int?) { unsafe add(value.map { Int64($0) }) }

  /// What is no amount (negative, infinite, not a number) is kept as unknown.
  mutating func add(amount: Double?) {
    guard let amount, amount.isFinite, amount >= 0 else { return unsafe tag(PackedColumn.null) }
    unsafe tag(PackedColumn.double)
    unsafe room.storeBytes(of: amount, toByteOffset: count, as: Double.self)
    unsafe count += 8
  }

  /// Cuts at a character's border.
  mutating func add(_ text: String?) {
    guard let text else { return unsafe tag(PackedColumn.null) }
    if text.utf8.count > LedgerRow.maximumTextBytes {
      unsafe addShort(text.cut(toBytes: LedgerRow.maximumTextBytes))
    } else {
      unsafe addShort(text)
    }
  }

  private mutating func addShort(_ text: String) {
    unsafe tag(PackedColumn.text)
    let place = unsafe room + count
    let length = text.utf8.count
    unsafe place.storeBytes(of: UInt32(truncatingIfNeeded: length), as: UInt32.self)
    // Not `withUTF8`, which counts a reference more.
    unsafe text.utf8Span.span.withUnsafeBytes { utf8 in
      if let start = utf8.baseAddress { unsafe (place + 4).copyMemory(from: start, byteCount: length) }
    }
    unsafe count += 4 + length
  }

  private mutating func tag(_ tag: UInt8) {
    unsafe room.storeBytes(of: tag, toByteOffset: count, as: UInt8.self)
    unsafe count += 1
  }
}
