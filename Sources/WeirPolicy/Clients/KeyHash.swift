import Crypto

/// What is kept of a key: enough to know it again, and nothing that could be sent in its place.
///
/// As text, `v1:ID:SALT:HASH`: the format's version, the key's `KeyID`, a salt of 16 bytes, and SHA-256 over salt and key,
/// both in hexadecimal. One round of a fast hash is right for keys of 256 random bits, which no number of guesses finds;
/// it is wrong for passwords.
public struct KeyHash: Sendable, Hashable, CustomStringConvertible {
  /// What finds the hash.
  public let id: KeyID
  private let salt: [UInt8]
  private let digest: [UInt8]

  static let saltLength = 16
  private static let version = "v1"

  /// Of a key that the configuration has as it is: the hash never leaves the process, so it needs no salt of its own.
  public init(ofKey key: some StringProtocol) {
    self.init(ofKey: key, salt: [UInt8](repeating: 0, count: KeyHash.saltLength))
  }

  private init(ofKey key: some StringProtocol, salt: [UInt8]) {
    var text = String(key)
    (id, digest) = text.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      return unsafe (KeyID(ofKey: bytes), Array(KeyHash.digest(of: bytes, salt: salt)))
    }
    self.salt = salt
  }

  /// Of a key, with a salt of its own.
  public init(ofKey key: some StringProtocol, using generator: inout some RandomNumberGenerator) {
    self.init(ofKey: key, salt: (0..<KeyHash.saltLength).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  /// Reads what `description` gives; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == KeyHash.version, let id = KeyID(parts[1]),
      let salt = KeyHash.bytes(ofHexadecimal: parts[2]), salt.count == KeyHash.saltLength,
      let digest = KeyHash.bytes(ofHexadecimal: parts[3]), digest.count == SHA256.byteCount
    else { return nil }
    self.id = id
    self.salt = salt
    self.digest = digest
  }

  /// The form in which configurations hold it.
  public var description: String {
    "\(KeyHash.version):\(id):\(KeyHash.hexadecimal(salt)):\(KeyHash.hexadecimal(digest))"
  }

  /// Whether a text was meant to be a hash, well formed or not: it must not be taken for a key.
  public static func looksLikeOne(_ text: some StringProtocol) -> Bool {
    text.hasPrefix("v1:") && text.utf8.count { $0 == UInt8(ascii: ":") } == 3
  }

  /// Whether the hash is of this key, in a time that tells nothing of where they differ.
  func matches(_ key: UnsafeRawBufferPointer) -> Bool {
    var difference: UInt8 = 0
    for (found, expected) in unsafe zip(KeyHash.digest(of: key, salt: salt), digest) { difference |= found ^ expected }
    return difference == 0
  }

  private static func digest(of key: UnsafeRawBufferPointer, salt: [UInt8]) -> SHA256.Digest {
    var hasher = SHA256()
    hasher.update(data: salt)
    unsafe hasher.update(bufferPointer: key)
    return hasher.finalize()
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func bytes(ofHexadecimal text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text.utf8 {
      let digit: UInt8
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? bytes : nil
  }
}
