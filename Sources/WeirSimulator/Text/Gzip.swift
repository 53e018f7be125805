/// Writes a gzip stream (RFC 1952) of stored blocks (RFC 1951, 3.2.4): valid everywhere, and made without a
/// compressor. Each part can be read as soon as it has come.
struct Gzip {
  private var checksum: UInt32 = 0xFFFF_FFFF
  private var length: UInt32 = 0

  static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

  /// A block type that does not exist: every reader stops here.
  static let corruption: [UInt8] = [0x07, 0xFF, 0xFF, 0xFF]

  private static let table: [UInt32] = (0..<256).map { index in
    var value = UInt32(index)
    for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    return value
  }

  mutating func blocks(of bytes: some Collection<UInt8>) -> [UInt8] {
    var written: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let block = rest.prefix(0xFFFF)
      let count = UInt16(block.count)
      written.append(0)
      for length in [count, ~count] {
        written.append(UInt8(length & 0xFF))
        written.append(UInt8(length >> 8))
      }
      written.append(contentsOf: block)
      rest = rest.dropFirst(block.count)
    }
    for byte in bytes { checksum = Gzip.table[Int((checksum ^ UInt32(byte)) & 0xFF)] ^ checksum >> 8 }
    length &+= UInt32(truncatingIfNeeded: bytes.count)
    return written
  }

  /// An empty last block, the checksum and the length.
  func trailer() -> [UInt8] {
    var written: [UInt8] = [1, 0, 0, 0xFF, 0xFF]
    for value in [checksum ^ 0xFFFF_FFFF, length] {
      for shift in [0, 8, 16, 24] { written.append(UInt8(value >> UInt32(shift) & 0xFF)) }
    }
    return written
  }

  /// A whole stream.
  static func whole(_ bytes: [UInt8]) -> [UInt8] {
    var gzip = Gzip()
    let blocks = gzip.blocks(of: bytes)
    return header + blocks + gzip.trailer()
  }
}
