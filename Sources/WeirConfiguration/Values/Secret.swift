/// A value that must never be shown: a key, a token, a URL with a password in it.
///
/// Every way of printing it, interpolation, `dump` and mirrors included, gives `***`.
/// Only `reveal()` and `withBytes(_:)` hand the value out, so that a search for them finds every use.
public struct Secret: Sendable, Equatable {
  /// What is printed in place of any secret.
  public static let redacted = "***"

  private let bytes: [UInt8]

  /// Wraps the value.
  public init(_ text: String) {
    bytes = Array(text.utf8)
  }

  /// The value itself, for the one place that has to send it.
  public func reveal() -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  /// Lends the value's UTF-8 bytes.
  public func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
    try body(bytes.span)
  }

  /// Whether `candidate` is this value, in a time that depends on the candidate's length only,
  /// so that an attacker cannot find the value byte by byte from how long a refusal takes.
  public func matches(_ candidate: Span<UInt8>) -> Bool {
    var difference: UInt8 = bytes.count == candidate.count ? 0 : 1
    for index in candidate.indices {
      let expected = bytes.isEmpty ? 0 : bytes[index % bytes.count]
      difference |= expected ^ candidate[index]
    }
    return difference == 0
  }

  /// As `matches(_: Span<UInt8>)`, for text.
  public func matches(_ candidate: String) -> Bool {
    matches(Array(candidate.utf8).span)
  }

  /// Constant-time, as `matches`.
  public static func == (left: Secret, right: Secret) -> Bool {
    left.matches(right.bytes.span)
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always `***`.
  public var description: String { Secret.redacted }
  /// Always `***`.
  public var debugDescription: String { Secret.redacted }
  /// A mirror without children, so that `dump` has nothing to descend into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
