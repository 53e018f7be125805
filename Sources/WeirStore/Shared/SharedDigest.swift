internal import Crypto

/// What stands in keys of the store for names of clients, users and models: nobody reads the names there.
public enum SharedDigest {
  /// 32 hexadecimal digits of a SHA-256 over the parts and their lengths.
  public static func hex(_ parts: [String]) -> String {
    var hash = SHA256()
    for part in parts {
      let bytes = Array(part.utf8)
      hash.update(data: Array("\(bytes.count):".utf8))
      hash.update(data: bytes)
    }
    let digits = Array("0123456789abcdef".utf8)
    let text = hash.finalize().prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}
