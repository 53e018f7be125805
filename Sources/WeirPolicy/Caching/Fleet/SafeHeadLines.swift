/// Checks the field lines of a kept reply that comes from outside the process: they go to clients as they are, so they
/// must be lines (RFC 9112, section 5), and none may speak of the framing or of the connection.
enum SafeHeadLines {
  /// All lines together.
  static let mostBytes = 65_536

  /// Fields of the message's framing, of one connection, or of one client, in lower case; weir writes or drops them.
  private static let forbidden: Set<String> = [
    "age", "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "set-cookie", "set-cookie2", "te", "trailer", "trailers", "transfer-encoding", "upgrade",
    "x-request-id",
  ]
  private static let symbols = Set("!#$%&'*+-.^_`|~".utf8)

  /// Whether the lines may go to a client.
  ///
  /// - Parameter contentEncoding: what they have to say of the body's coding; nil where they must be silent.
  static func areSafe(_ bytes: ArraySlice<UInt8>, contentEncoding: String?) -> Bool {
    guard bytes.count <= mostBytes else { return false }
    var encoding: String?
    var rest = bytes
    while !rest.isEmpty {
      guard let end = rest.firstIndex(of: 0x0D), end + 1 < rest.endIndex, rest[end + 1] == 0x0A,
        let (name, value) = field(rest[rest.startIndex..<end]), !forbidden.contains(name), !name.hasPrefix("x-weir-")
      else { return false }
      if name == "content-encoding" {
        guard encoding == nil else { return false }
        encoding = String(decoding: value, as: UTF8.self).lowercased()
      }
      rest = rest[(end + 2)...]
    }
    return encoding == contentEncoding
  }

  /// The name in lower case and the value without the blanks around it.
  private static func field(_ line: ArraySlice<UInt8>) -> (name: String, value: ArraySlice<UInt8>)? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return nil }
    let name = line[..<colon]
    guard name.allSatisfy(isToken) else { return nil }
    var value = line[(colon + 1)...]
    guard value.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else { return nil }
    while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
    while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
    return (String(decoding: name, as: UTF8.self).lowercased(), value)
  }

  /// RFC 9110, section 5.6.2.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: symbols.contains(byte)
    }
  }
}
