/// A pattern over model names: `*` stands for any characters, all others for themselves, letter case ignored.
public struct ModelPattern: Sendable, Equatable, Hashable, CustomStringConvertible {
  /// The pattern as it was written.
  public let description: String
  private let bytes: [UInt8]

  /// Takes any string; one without `*` matches that name only.
  public init(_ pattern: String) {
    description = pattern
    bytes = Array(ModelName.folded(pattern).utf8)
  }

  /// Whether the pattern has no `*`.
  public var isExact: Bool { !bytes.contains(UInt8(ascii: "*")) }

  /// Whether the name as a whole fits; time is bounded by the product of both lengths.
  public func matches(_ name: String) -> Bool {
    let text = Array(ModelName.folded(name).utf8)
    var (at, textAt) = (0, 0)
    var retry: (pattern: Int, text: Int)?
    while textAt < text.count {
      if at < bytes.count, bytes[at] == UInt8(ascii: "*") {
        at += 1
        retry = (at, textAt)
      } else if at < bytes.count, bytes[at] == text[textAt] {
        at += 1
        textAt += 1
      } else if let last = retry {
        at = last.pattern
        textAt = last.text + 1
        retry = (last.pattern, last.text + 1)
      } else {
        return false
      }
    }
    return bytes[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
