/// Where a request belongs in a distributed trace, as `traceparent` says it (W3C Trace Context, section 3.2).
public struct TraceContext: Sendable, Equatable {
  /// The first half of the trace's id.
  public let high: UInt64
  /// The second half.
  public let low: UInt64

  /// A trace of weir's own; all zeros would be no id.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = high == 0 && low == 0 ? 1 : low
  }

  /// Reads the header's value; nil for one that is not valid, which nobody may act on.
  public init?(_ value: String) {
    var value = value
    let found = value.withUTF8 { bytes -> (UInt64, UInt64)? in
      guard bytes.count >= Self.length, unsafe bytes[2] == Self.dash, unsafe bytes[35] == Self.dash,
        unsafe bytes[52] == Self.dash, let version = unsafe Self.number(bytes[0..<2]), version != 0xFF,
        let high = unsafe Self.number(bytes[3..<19]), let low = unsafe Self.number(bytes[19..<35]),
        let parent = unsafe Self.number(bytes[36..<52]), unsafe Self.number(bytes[53..<55]) != nil
      else { return nil }
      // Later versions may add fields behind a dash; this one has none.
      let isWhole = unsafe bytes.count == Self.length || (version > 0 && bytes[Self.length] == Self.dash)
      return isWhole && parent != 0 && (high != 0 || low != 0) ? (high, low) : nil
    }
    guard let found else { return nil }
    (high, low) = found
  }

  /// The id in 32 hexadecimal digits, as tracing tools show it.
  public var traceID: String {
    unsafe String(unsafeUninitializedCapacity: 32) { digits in
      guard let start = digits.baseAddress else { return 0 }
      unsafe write(to: UnsafeMutableRawPointer(start))
      return 32
    }
  }

  /// Writes the id's 32 digits into room for them.
  @unsafe public func write(to room: UnsafeMutableRawPointer) {
    unsafe HexDigits.write(high, to: room)
    unsafe HexDigits.write(low, to: room + 16)
  }

  /// The header's value for a request that weir sends: version 00, marked as recorded, since weir's log has it.
  ///
  /// - Parameter parent: random; names weir's own part of the trace.
  public func header(parent: UInt64) -> String {
    unsafe String(unsafeUninitializedCapacity: Self.length) { text in
      guard let start = text.baseAddress else { return 0 }
      unsafe (text[0], text[1], text[2]) = (UInt8(ascii: "0"), UInt8(ascii: "0"), Self.dash)
      unsafe write(to: UnsafeMutableRawPointer(start + 3))
      unsafe text[35] = Self.dash
      unsafe HexDigits.write(max(parent, 1), to: UnsafeMutableRawPointer(start + 36))
      unsafe (text[52], text[53], text[54]) = (Self.dash, UInt8(ascii: "0"), UInt8(ascii: "1"))
      return Self.length
    }
  }

  private static let length = 55
  private static let dash = UInt8(ascii: "-")

  /// Lower-case hexadecimal digits only, as the recommendation demands.
  private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
    var number: UInt64 = 0
    for index in unsafe digits.indices {
      let digit = unsafe digits[index]
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return number
  }
}
