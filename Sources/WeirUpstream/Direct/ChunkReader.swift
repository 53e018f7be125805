/// Finds a body in its chunks (RFC 9112, section 7.1). A value that is told the bytes as they come.
struct ChunkReader {
  /// What stands where the reader is.
  private enum Place {
    case size
    case extensions
    case sizeEnd
    case data
    case dataEnd(isSecond: Bool)
    case end
  }

  /// What was found.
  @safe enum Step {
    /// Everything was read; the next bytes go on.
    case more
    /// Bytes of the body.
    case body(UnsafeRawBufferPointer)
    /// The last chunk has come: trailers follow.
    case end
    /// What came is no chunk.
    case refuse(String)
  }

  private var place = Place.size
  private var digits = 0
  private var left = 0
  private var extensionBytes = 0

  /// Bytes of one chunk's extensions; nobody uses any.
  private static let maximumExtension = 16 * 1024
  /// Hexadecimal digits of a size, leading zeros included.
  private static let maximumDigits = 32

  /// Reads from the front of `bytes`, which is moved on behind what was read.
  mutating func next(_ bytes: inout UnsafeRawBufferPointer) -> Step {
    while let byte = unsafe bytes.first {
      switch place {
      case .data:
        let length = min(left, bytes.count)
        let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<length])
        unsafe bytes = UnsafeRawBufferPointer(rebasing: bytes[length...])
        left -= length
        if left == 0 { place = .dataEnd(isSecond: false) }
        return unsafe .body(part)
      case .end:
        return .end
      default:
        unsafe bytes = UnsafeRawBufferPointer(rebasing: bytes[1...])
        if let reason = take(byte) { return .refuse(reason) }
        if case .end = place { return .end }
      }
    }
    return .more
  }

  /// One byte of what stands around the data; the reason where it does not belong there.
  private mutating func take(_ byte: UInt8) -> String? {
    switch place {
    case .size: return takeSize(byte)
    case .extensions:
      extensionBytes += 1
      if byte == UInt8(ascii: "\r") {
        place = .sizeEnd
      } else if (byte < 0x20 && byte != UInt8(ascii: "\t")) || byte == 0x7F
        || extensionBytes > Self.maximumExtension
      {
        return "a chunk of the reply has no proper end of its size"
      }
    case .sizeEnd:
      guard byte == UInt8(ascii: "\n") else { return "a chunk of the reply has no proper end of its size" }
      place = left == 0 ? .end : .data
      digits = 0
      extensionBytes = 0
    case .dataEnd(let isSecond):
      guard byte == (isSecond ? UInt8(ascii: "\n") : UInt8(ascii: "\r")) else {
        return "a chunk of the reply is longer than its size"
      }
      place = isSecond ? .size : .dataEnd(isSecond: true)
    case .data, .end: return nil
    }
    return nil
  }

  private mutating func takeSize(_ byte: UInt8) -> String? {
    if let value = Self.value(ofHexadecimal: byte) {
      digits += 1
      let (size, isTooLarge) = left.multipliedReportingOverflow(by: 16)
      guard !isTooLarge, digits <= Self.maximumDigits, size <= .max - value else {
        return "a chunk of the reply has a size that is too large"
      }
      left = size + value
      return nil
    }
    guard digits > 0 else { return "a chunk of the reply has no size" }
    switch byte {
    case UInt8(ascii: "\r"): place = .sizeEnd
    case UInt8(ascii: ";"), UInt8(ascii: " "), UInt8(ascii: "\t"): place = .extensions
    default: return "a chunk of the reply has no proper end of its size"
    }
    return nil
  }

  private static func value(ofHexadecimal byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
