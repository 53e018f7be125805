import Crypto

/// The public part of a key: what finds its hash among all others without trying each.
///
/// A key that weir made carries it (`weir-ID-SECRET`). For any other key it is the first 40 bits of SHA-256 over a fixed
/// prefix and the key. Forty bits of a hash tell nothing about a key that nobody can guess.
public struct KeyID: Sendable, Hashable, CustomStringConvertible {
  /// The bits as 8 characters of RFC 4648's base 32, in lower case.
  public let description: String

  static let length = 8
  private static let bytes = 5
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
  /// Sixteen bytes, so that no salted hash is ever over the same input.
  private static let domain = Array("weir key id, v1.".utf8)

  /// Takes what `weir key` printed; nil for anything else.
  init?(_ text: some StringProtocol) {
    guard text.utf8.count == KeyID.length, text.utf8.allSatisfy(KeyID.isDigit) else { return nil }
    description = String(text)
  }

  /// Of forty random bits.
  init(using generator: inout some RandomNumberGenerator) {
    self.init(bits: generator.next())
  }

  /// Of a key.
  init(ofKey key: UnsafeRawBufferPointer) {
    if let carried = unsafe KeyID.carried(in: key) {
      self.init(carried: carried)
      return
    }
    var hasher = SHA256()
    hasher.update(data: KeyID.domain)
    unsafe hasher.update(bufferPointer: key)
    var bits: UInt64 = 0
    for byte in hasher.finalize().prefix(KeyID.bytes) { bits = bits << 8 | UInt64(byte) }
    self.init(bits: bits)
  }

  private init(bits: UInt64) {
    let digits = (0..<KeyID.length).map { KeyID.alphabet[Int(bits >> UInt64(5 * $0) & 31)] }
    self.init(carried: String(decoding: digits, as: UTF8.self))
  }

  private init(carried text: String) { description = text }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "2")...UInt8(ascii: "7")).contains(byte)
  }

  /// `weir-ID-SECRET` with a secret of the length that weir makes; any other key that begins so is like any key.
  private static func carried(in key: UnsafeRawBufferPointer) -> String? {
    guard key.count == ClientSecret.length, unsafe key.starts(with: ClientSecret.prefix) else { return nil }
    let start = ClientSecret.prefix.count
    guard unsafe key[start + length] == UInt8(ascii: "-") else { return nil }
    let id = unsafe key[start..<start + length]
    guard unsafe id.allSatisfy(isDigit) else { return nil }
    return unsafe String(decoding: id, as: UTF8.self)
  }
}
