/// Base64 with padding (RFC 4648, section 4).
func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  var index = 0
  while index < bytes.count {
    let left = bytes.count - index
    let group =
      UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
      | (left > 2 ? UInt32(bytes[index + 2]) : 0)
    text.append(digits[Int(group >> 18 & 63)])
    text.append(digits[Int(group >> 12 & 63)])
    text.append(left > 1 ? digits[Int(group >> 6 & 63)] : UInt8(ascii: "="))
    text.append(left > 2 ? digits[Int(group & 63)] : UInt8(ascii: "="))
    index += 3
  }
  return String(decoding: text, as: UTF8.self)
}
