import Crypto

/// What proves to a webhook's receiver that a request comes from weir and is not an old one sent again.
public enum WebhookSignature {
  /// The value of `x-weir-signature`: `t=SECONDS,v1=HEX`, HEX being the HMAC-SHA256 (RFC 2104) of `SECONDS.BODY` under
  /// the secret. The receiver computes it again, compares in constant time, and refuses old times.
  ///
  /// - Parameter seconds: since 1970.
  public static func value(secret: Span<UInt8>, seconds: Int64, body: [UInt8]) -> String {
    var key: [UInt8] = []
    key.reserveCapacity(secret.count)
    for index in secret.indices { key.append(secret[index]) }
    var mac = HMAC<SHA256>(key: SymmetricKey(data: key))
    mac.update(data: Array("\(seconds).".utf8))
    mac.update(data: body)
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in mac.finalize() {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return "t=\(seconds),v1=\(String(decoding: text, as: UTF8.self))"
  }
}
