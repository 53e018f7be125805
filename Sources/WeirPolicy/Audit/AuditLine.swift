/// What the chain needs of one line of an audit log; see `AuditChain` for the spelling.
public struct AuditLine: Sendable, Equatable {
  /// Counted from 1.
  public let sequence: UInt64
  /// The `hash` of the line before, as it stands.
  public let previous: [UInt8]
  /// Of this line; it is right.
  public let hash: [UInt8]
  /// Whether weir wrote the line at a start that found the line before it cut off.
  public let isRecovery: Bool

  /// What is wrong with one line by itself.
  public enum Fault: Error, Sendable, Equatable {
    /// It is not of the form that weir writes.
    case malformed
    /// It says another hash than its bytes have: it was changed.
    case changed
  }

  private static let beginning = Array("{\"seq\":".utf8)

  private static let tail = 75
  private static let previousTail = 74
  private static let recovery = Array(",\"event\":\"recovered\"".utf8)

  /// Whether bytes look like the first ones of a line, however few.
  public static func begins(with bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty && zip(bytes, beginning).allSatisfy(==)
  }

  /// Reads a line, without its line feed.
  public init(_ line: ArraySlice<UInt8>) throws(Fault) {
    let start = Self.beginning
    guard line.starts(with: start), line.count > Self.tail + Self.previousTail + start.count else { throw .malformed }
    let digits = line.dropFirst(start.count).prefix { $0 >= 48 && $0 <= 57 }
    guard let sequence = UInt64(String(decoding: digits, as: UTF8.self)), sequence > 0 else { throw .malformed }
    let body = line.dropLast(Self.tail)
    hash = try Self.quoted(line.suffix(Self.tail), after: ",\"hash\":\"", before: "\"}")
    previous = try Self.quoted(body.suffix(Self.previousTail), after: ",\"prev\":\"", before: "\"")
    guard AuditChain.digest(body) == hash else { throw .changed }
    self.sequence = sequence
    // `"time":"2026-11-21T07:30:24.123Z"` has always the same length.
    isRecovery = line.dropFirst(start.count + digits.count + 1 + 33).starts(with: Self.recovery)
  }

  private static func quoted(
    _ bytes: ArraySlice<UInt8>, after start: StaticString, before end: StaticString
  ) throws(Fault) -> [UInt8] {
    let start = Array(start.description.utf8)
    let end = Array(end.description.utf8)
    let value = bytes.dropFirst(start.count).dropLast(end.count)
    guard bytes.starts(with: start), bytes.suffix(end.count).elementsEqual(end), value.count == 64,
      value.allSatisfy({ ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) })
    else { throw .malformed }
    return Array(value)
  }
}
