import WeirPolicy
import WeirWire

/// A request target: what is accepted is passed on letter for letter, stays below the base path even where a server
/// decodes it, and is no JSON API under a spelling that weir would not read.
enum PathTarget {
  private static let readPaths: Set<String> = [
    "/chat/completions", "/completions", "/responses", "/messages", "/embeddings",
  ]

  static func check(_ bytes: [UInt8]) throws(Finding) {
    let target = String(decoding: bytes, as: UTF8.self)
    for method in ["GET", "POST", "CONNECT", "TRACE"] {
      guard let found = try? RequestTarget.read(method: method, target: target) else { continue }
      try expect(method != "CONNECT" && method != "TRACE", "\(method) is served")
      try expect(found.rest.isEmpty || found.rest.utf8.first == UInt8(ascii: "/"), "the rest is no path")
      // A vote goes nowhere, its query neither.
      guard found.endpoint != .feedback else { continue }
      try expect(
        target.utf8.suffix(found.rest.utf8.count + found.query.utf8.count)
          .elementsEqual((found.rest + found.query).utf8), "the target is not passed on as it came")
      try expect(found.query.isEmpty || found.query.utf8.first == UInt8(ascii: "?"), "the query has no mark")
      try expect(
        !(found.rest + found.query).utf8.contains { $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "#") },
        "a character passes that no target has")
      try checkReadings(of: found, method: method)
    }
  }

  /// Every way in which servers behind weir may read the path: decoded once to four times.
  private static func checkReadings(of found: RequestTarget, method: String) throws(Finding) {
    var path = Array(found.rest.utf8)
    for _ in 0..<4 {
      let segments = path.split(omittingEmptySubsequences: true) { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        .map { $0.prefix { $0 != UInt8(ascii: ";") } }
      try expect(
        !segments.contains { $0.elementsEqual("..".utf8) || $0.elementsEqual(".".utf8) }, "a dot segment passes")
      try expect(!path.contains { $0 < 0x20 }, "a control character passes")
      let plain = "/" + segments.map { String(decoding: $0, as: UTF8.self).lowercased() }.joined(separator: "/")
      if method == "POST", readPaths.contains(plain) {
        try expect(found.endpoint.readsBody, "a JSON API passes unread as \(found.rest)")
      }
      path = decoded(path)
    }
  }

  private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let digits = bytes[index...].dropFirst().prefix(2)
      if bytes[index] == UInt8(ascii: "%"), digits.count == 2,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
        !digits.contains(UInt8(ascii: "+")), !digits.contains(UInt8(ascii: "-"))
      {
        out.append(value)
        index += 3
      } else {
        out.append(bytes[index])
        index += 1
      }
    }
    return out
  }
}
