/// Numbers in hexadecimal, lower case, eight digits at a time: ids are made and written for every request.
enum HexDigits {
  /// The eight digits of a word, the first in the lowest byte, so that stored on a little-endian machine they read in
  /// their order.
  static func of(_ word: UInt32) -> UInt64 {
    // Each nibble into a byte of its own.
    var nibbles = UInt64(word)
    nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
    nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
    nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
    // A nibble above 9 carries into bit 4 when 6 is added; its letter lies 39 behind where a digit would.
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return (nibbles + 0x3030_3030_3030_3030 + letters * 39).byteSwapped.littleEndian
  }

  /// Writes the sixteen digits of a word.
  @unsafe static func write(_ word: UInt64, to room: UnsafeMutableRawPointer) {
    unsafe room.storeBytes(of: of(UInt32(truncatingIfNeeded: word >> 32)), as: UInt64.self)
    unsafe room.storeBytes(of: of(UInt32(truncatingIfNeeded: word)), toByteOffset: 8, as: UInt64.self)
  }
}
