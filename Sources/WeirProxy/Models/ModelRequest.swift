import WeirPolicy
import WeirWire

/// What of the models a GET asks for, where weir has something to say about it.
enum ModelRequest: Equatable {
  /// `/models`: the list.
  case list
  /// The list in another way, with a query or a slash at its end: the upstream's own.
  case page
  /// `/models/{id}`: one entry. The id is decoded; most have a slash, encoded or not.
  case one(String)

  /// Nil for every other path, for `/models/count` and `/models/{author}/{slug}/endpoints`, and for one entry with a
  /// query.
  init?(_ target: RequestTarget) {
    guard target.endpoint == .models else { return nil }
    let isList = target.rest == "/models" || target.rest == "/models/"
    if isList, !target.query.isEmpty || target.rest.hasSuffix("/") {
      self = .page
      return
    }
    guard target.query.isEmpty else { return nil }
    if target.rest == "/models" {
      self = .list
      return
    }
    guard target.rest.hasPrefix("/models/") else { return nil }
    let id = Self.decoded(target.rest.dropFirst("/models/".count))
    guard !id.isEmpty, id != "count", !id.hasSuffix("/endpoints") else { return nil }
    self = .one(id)
  }

  /// Percent-decoded once (RFC 3986, section 2.1). Broken escapes have been refused with the target.
  static func decoded(_ text: Substring) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
