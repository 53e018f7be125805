public import WeirWire

/// Where a request goes: the part of its path that is appended to the upstream's base URL.
public struct RequestTarget: Sendable, Equatable {
  /// What follows `/v1` or `/api/v1`, letter for letter: empty, or beginning with a slash.
  public let rest: String
  /// The query with its question mark, or empty.
  public let query: String
  /// The API that the path speaks.
  public let endpoint: Endpoint

  /// The two prefixes that clients know, the longer one first.
  private static let prefixes = ["/api/v1", "/v1"]

  /// Reads a request target in origin form or absolute form (RFC 9112, section 3.2).
  ///
  /// Throws a `Refusal` for anything that could leave the upstream's base path once a server decodes it.
  public static func read(method: String, target: String) throws(Refusal) -> RequestTarget {
    if method == "POST", let known = usual.first(where: { $0.target == target }) { return known.read }
    return try readLetterByLetter(method: method, target: target)
  }

  /// What nearly every request asks for, by its spelling.
  private static let usual: [(target: String, read: RequestTarget)] = Endpoint.allCases.filter(\.readsBody).flatMap {
    endpoint in
    prefixes.map { prefix in
      ("\(prefix)/\(endpoint.rawValue)", RequestTarget(rest: "/\(endpoint.rawValue)", query: "", endpoint: endpoint))
    }
  }

  private static func readLetterByLetter(method: String, target: String) throws(Refusal) -> RequestTarget {
    try refuseMethod(method)
    let origin = originForm(of: target)
    guard origin.utf8.first == UInt8(ascii: "/") else {
      throw Refusal(
        .invalidRequest, "the request target is not a path", remedy: "Send a path such as /v1/chat/completions.")
    }
    let mark = origin.utf8.firstIndex(of: UInt8(ascii: "?")) ?? origin.endIndex
    let path = origin[..<mark]
    try refuseUnsafe(origin: origin, path: path)
    if path == "/weir/feedback" { return try feedback(method: method, path: path) }
    for prefix in prefixes where path.hasPrefix(prefix) {
      let rest = path.dropFirst(prefix.count)
      guard rest.isEmpty || rest.utf8.first == UInt8(ascii: "/") else { continue }
      let endpoint = endpoint(method: method, path: rest)
      if !endpoint.readsBody { try refuseDisguised(rest) }
      return RequestTarget(rest: String(rest), query: String(origin[mark...]), endpoint: endpoint)
    }
    throw Refusal(
      .invalidRequest, "no API is served under this path",
      remedy: "Set the client's base URL to weir's address followed by /v1.", status: 404)
  }

  /// An upstream whose base URL has no version serves its APIs with one too: below another prefix, which goes upstream as
  /// it is, an API is the same API.
  private static func endpoint(method: String, path: Substring) -> Endpoint {
    var name = path
    for _ in 0..<mostPrefixes {
      guard let prefix = prefixes.first(where: { isBelow($0, name) }) else { break }
      name = Substring(name.utf8.dropFirst(prefix.utf8.count))
    }
    let endpoint = Endpoint(method: method, path: name)
    return endpoint.readsBody ? endpoint : Endpoint(method: method, path: path)
  }

  private static func isBelow(_ prefix: String, _ path: Substring) -> Bool {
    path.utf8.starts(with: prefix.utf8) && path.utf8.dropFirst(prefix.utf8.count).first == UInt8(ascii: "/")
  }

  /// No server repeats its version more often, and a path may hold thousands of them.
  private static let mostPrefixes = 8

  private static func feedback(method: String, path: Substring) throws(Refusal) -> RequestTarget {
    guard method == "POST" else {
      throw Refusal(
        .invalidRequest, "feedback is given by POST", remedy: "Send it by POST.", status: 405,
        fields: [Refusal.Field(name: "allow", value: "POST")])
    }
    return RequestTarget(rest: String(path), query: "", endpoint: .feedback)
  }

  /// A JSON API under another spelling of its path would pass by everything that reads its body, and an upstream that
  /// decodes or merges slashes would serve it all the same.
  private static func refuseDisguised(_ rest: Substring) throws(Refusal) {
    let readings = PathSegments.plainReadings(rest)
    guard let plain = readings.first(where: { $0 != rest && endpoint(method: "POST", path: $0[...]).readsBody }) else {
      return
    }
    let isTrailingSlash = rest.utf8.last == UInt8(ascii: "/") && String(rest.dropLast()) == plain
    guard !isTrailingSlash else { return }
    throw Refusal(
      .invalidRequest, "the path is an API's under another spelling", remedy: "Send it as \(plain).")
  }

  private static var allow: Refusal.Field {
    Refusal.Field(name: "allow", value: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
  }

  private static func refuseMethod(_ method: String) throws(Refusal) {
    switch method {
    case "CONNECT":
      throw Refusal(
        .invalidRequest, "CONNECT is not served, since weir is a reverse proxy",
        remedy: "Use weir's address as the base URL instead of as a forward proxy.", status: 405, fields: [allow])
    case "TRACE":
      // Its answer would repeat the request, the upstream's key included (RFC 9110, section 9.3.8).
      throw Refusal(
        .invalidRequest, "TRACE is not served, since it would show the upstream's key",
        remedy: "Use another method.", status: 405, fields: [allow])
    default: return
    }
  }

  /// The path and query of an absolute-form target; its authority is ignored, since weir has one upstream only.
  private static func originForm(of target: String) -> Substring {
    guard target.utf8.first != UInt8(ascii: "/") else { return target[...] }
    guard let scheme = target.range(of: "://") else { return target[...] }
    let afterScheme = target[scheme...].dropFirst(3)
    guard let slash = afterScheme.utf8.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") })
    else { return "/" }
    return afterScheme[slash...]
  }

  private static func refuseUnsafe(origin: Substring, path: Substring) throws(Refusal) {
    let isPrintable = origin.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    guard isPrintable else {
      throw Refusal(
        .invalidRequest, "the path holds a character that must be percent-encoded",
        remedy: "Percent-encode it (RFC 3986).")
    }
    guard !PathSegments.leavesBase(path) else {
      throw Refusal(
        .invalidRequest, "the path has a dot segment, which could leave the upstream's base path",
        remedy: "Send the path without `.` and `..`, encoded ones included.")
    }
  }
}

extension String {
  /// Where `part` begins; nil when it does not occur.
  fileprivate func range(of part: String) -> String.Index? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(part) { return index }
      index = self.index(after: index)
    }
    return nil
  }
}
