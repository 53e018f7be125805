/// A JSON value (RFC 8259) of a small file that weir itself wrote, and that people may have edited.
public indirect enum JSONDocument: Sendable, Equatable {
  /// By key.
  case object([String: JSONDocument])
  /// In order.
  case array([JSONDocument])
  /// Its escapes undone.
  case string(String)
  /// As spelled.
  case number(String)
  /// `true` or `false`.
  case boolean(Bool)
  /// `null`.
  case null

  /// Where and why the text is not JSON.
  public struct Fault: Error, Sendable, Equatable {
    /// From 1.
    public let line: Int
    /// A clause without a full stop.
    public let what: String
  }

  /// Reads a whole text; nested at most 16 levels deep, keys unique within an object.
  public static func read(_ bytes: [UInt8]) throws(Fault) -> JSONDocument {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Fault(line: 1, what: "it is not UTF-8")
    }
    var scanner = JSONScanner(bytes: bytes)
    let value = try scanner.value(depth: 0)
    scanner.skipBlanks()
    guard scanner.isAtEnd else { throw scanner.fault("something follows the value") }
    return value
  }

  /// The member of this key; nil where there is none, or the value is no object.
  public subscript(_ key: String) -> JSONDocument? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// A number without fraction or exponent that fits; nil for everything else.
  public var wholeNumber: Int64? {
    if case .number(let text) = self { Int64(text) } else { nil }
  }
}
