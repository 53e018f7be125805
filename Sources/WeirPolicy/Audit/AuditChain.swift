import Crypto

/// The end of an audit log, to which the next line is chained.
///
/// A line is one JSON object whose first member is `seq` and whose last two are `prev` and `hash`, in this spelling:
///
///     {"seq":7,"time":"…","event":"…",…,"prev":"<64 hex digits>","hash":"<64 hex digits>"}
///
/// `hash` is the SHA-256 (FIPS 180-4) of the line's bytes before `,"hash":"`; `prev` is the `hash` of the line before,
/// 64 zeros in the first line of all. So every line vouches for all lines before it.
public struct AuditChain: Sendable, Equatable {
  /// The number of the last line; 0 before the first.
  public private(set) var sequence: UInt64
  /// The hash of the last line, as 64 hexadecimal digits.
  public private(set) var hash: [UInt8]

  /// Before the first line.
  public static let start = AuditChain(sequence: 0, hash: [UInt8](repeating: UInt8(ascii: "0"), count: 64))

  /// After a line that was read.
  public init(after line: AuditLine) {
    sequence = line.sequence
    hash = line.hash
  }

  private init(sequence: UInt64, hash: [UInt8]) {
    self.sequence = sequence
    self.hash = hash
  }

  /// Makes the next line, without its line feed, and moves on to it.
  ///
  /// - Parameter members: JSON members, `time` and `event` first, without braces.
  public mutating func append(members: some Collection<UInt8>) -> [UInt8] {
    sequence &+= 1
    var line: [UInt8] = []
    line.reserveCapacity(members.count + 190)
    line += "{\"seq\":\(sequence),".utf8
    line += members
    line += ",\"prev\":\"".utf8
    line += hash
    line.append(UInt8(ascii: "\""))
    hash = Self.digest(line[...])
    line += ",\"hash\":\"".utf8
    line += hash
    line += "\"}".utf8
    return line
  }

  /// SHA-256 as hexadecimal digits.
  static func digest(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in SHA256.hash(data: bytes) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }
}
