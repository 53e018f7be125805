/// The name of a request in headers, logs and messages.
public enum RequestID {
  /// A client's id is kept when it is 1 to 128 of `A-Z a-z 0-9 . _ : / + = -`, so that it can go into a header,
  /// a log line and a message as it is.
  public static func isValid(_ id: String) -> Bool {
    let bytes = id.utf8
    return (1...128).contains(bytes.count) && bytes.allSatisfy(isAllowed)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"),
      UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// An id of weir's own: `req_`, then in hexadecimal 48 bits of time and 80 random ones, as in UUID version 7 (RFC
  /// 9562, section 5.7). Ids in the order of their time lie side by side in the ledger; where an index is made of
  /// them, random ones would touch a page of it each.
  ///
  /// - Parameter milliseconds: since 1970.
  public static func make(milliseconds: Int64, random: (high: UInt64, low: UInt64)) -> String {
    let high = UInt64(truncatingIfNeeded: milliseconds) << 16 | random.high & 0xFFFF
    return text(high: high, low: random.low)
  }

  /// `req_`, the first letter in the lowest byte.
  private static let prefix = (0x5F71_6572 as UInt32).littleEndian

  private static func text(high: UInt64, low: UInt64) -> String {
    unsafe String(unsafeUninitializedCapacity: 36) { text in
      guard let start = text.baseAddress else { return 0 }
      unsafe UnsafeMutableRawPointer(start).storeBytes(of: prefix, as: UInt32.self)
      unsafe HexDigits.write(high, to: UnsafeMutableRawPointer(start + 4))
      unsafe HexDigits.write(low, to: UnsafeMutableRawPointer(start + 20))
      return 36
    }
  }
}
