/// Makes keys: `weir-ID-SECRET`, the secret of 256 random bits in base64url without padding (RFC 4648, section 5).
public enum ClientSecret {
  static let prefix = Array("weir-".utf8)
  private static let secretBytes = 32
  private static let secretLength = 43
  /// Of a whole key, in bytes.
  static let length = 5 + KeyID.length + 1 + secretLength

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// A new key. Whoever calls this shows it once and forgets it.
  ///
  /// - Parameter generator: must be one for secrets, such as `SystemRandomNumberGenerator`.
  public static func make(using generator: inout some RandomNumberGenerator) -> String {
    let id = KeyID(using: &generator)
    var text: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for _ in 0..<secretBytes {
      bits = bits << 8 | UInt32(UInt8.random(in: 0...255, using: &generator))
      count += 8
      while count >= 6 {
        count -= 6
        text.append(alphabet[Int(bits >> UInt32(count) & 63)])
      }
    }
    if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
    return "weir-\(id)-" + String(decoding: text, as: UTF8.self)
  }
}
