import CWeirHiredis

/// A value in a reply of the store (RESP2).
public enum StoreReply: Sendable, Equatable {
  /// There is no such thing.
  case null
  /// A number.
  case integer(Int64)
  /// A value as it was stored.
  case bytes([UInt8])
  /// A short word, such as `OK`.
  case status(String)
  /// Several values.
  case array([StoreReply])
  /// An error within an array; one that is the whole reply is a `StoreFailure`.
  case error(String)

  /// hiredis gives no more than nine levels.
  init(_ value: OpaquePointer) {
    switch unsafe weir_value_kind(value) {
    case CInt(WEIR_VALUE_INTEGER): self = unsafe .integer(weir_value_integer(value))
    case CInt(WEIR_VALUE_BYTES): self = unsafe .bytes(Self.bytes(of: value))
    case CInt(WEIR_VALUE_STATUS): self = unsafe .status(String(decoding: Self.bytes(of: value), as: UTF8.self))
    case CInt(WEIR_VALUE_ERROR): self = unsafe .error(String(decoding: Self.bytes(of: value), as: UTF8.self))
    case CInt(WEIR_VALUE_ARRAY):
      let count = unsafe weir_value_count(value)
      self = .array(
        (0..<count).map { index in
          guard let element = unsafe weir_value_element(value, index) else { return .null }
          return unsafe StoreReply(element)
        })
    default: self = .null
    }
  }

  private static func bytes(of value: OpaquePointer) -> [UInt8] {
    var count = 0
    guard let start = unsafe weir_value_bytes(value, &count) else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}

extension StoreReply {
  /// The number, also where it comes as decimal text, as Lua's larger ones do.
  public var number: Int64? {
    switch self {
    case .integer(let value): value
    case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
    case .status(let text): Int64(text)
    case .null, .array, .error: nil
    }
  }

  /// The values of an array.
  public var elements: [StoreReply]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  /// The stored bytes.
  public var bytes: [UInt8]? {
    guard case .bytes(let bytes) = self else { return nil }
    return bytes
  }
}
