extension ListenAddress {
  /// Reads `HOST:PORT`; throws what is wrong and what would be right.
  public init(parsing text: String) throws {
    self = try ValueParsers.listenAddress(text)
  }
}

extension ValueParsers {
  /// `HOST:PORT`, an IPv6 host in brackets; port 0 lets the system pick one.
  static func listenAddress(_ text: String) throws(ValueProblem) -> ListenAddress {
    let example =
      "write HOST:PORT, for example 127.0.0.1:8787, [::1]:8787, or 0.0.0.0:8787 for every interface"
    guard let (host, portText) = hostAndPort(text), let portText else {
      throw ValueProblem("\(ValueProblem.quoted(text)) is not an address", fix: example)
    }
    guard !host.isEmpty else {
      throw ValueProblem("\(ValueProblem.quoted(text)) names no host", fix: example)
    }
    guard let port = port(portText, from: 0) else {
      throw ValueProblem("\(ValueProblem.quoted(portText)) is not a port", fix: "use 0 to 65535")
    }
    return ListenAddress(host: try checkedHost(host), port: port)
  }

  /// An `http` or `https` base URL; trailing slashes are dropped.
  ///
  /// What it was given is never quoted: a URL with a user and a password must not reach a log.
  static func upstreamURL(_ text: String) throws(ValueProblem) -> UpstreamURL {
    let example = "for example https://openrouter.ai/api/v1"
    let (scheme, rest) = try schemeAndRest(text, example: example)
    guard ASCII.isVisible(rest) else {
      throw ValueProblem(
        "the URL holds blanks, control characters or characters beyond ASCII",
        fix: "write international names in their xn-- form and percent-encode the path")
    }
    guard !rest.contains("?"), !rest.contains("#") else {
      throw ValueProblem(
        "the base URL has a query or a fragment", fix: "end it with its path: requests append theirs to it")
    }
    let authority = rest.prefix { $0 != "/" }
    guard !authority.contains("@") else {
      throw ValueProblem(
        "the URL holds a user name or password", fix: "remove it, and set OPENROUTER_API_KEY instead")
    }
    guard let (host, portText) = hostAndPort(String(authority)), !host.isEmpty else {
      throw ValueProblem("the URL names no valid host", fix: example)
    }
    guard let port = portText.map({ port($0, from: 1) }) ?? UpstreamURL.impliedPort(of: scheme) else {
      throw ValueProblem("the URL's port is not valid", fix: "use 1 to 65535, or leave it out")
    }
    let path = try basePath(String(rest.dropFirst(authority.count)))
    return UpstreamURL(scheme: scheme, host: try checkedHost(host), port: port, path: path)
  }

  /// An `http` or `https` URL to be sent as `HTTP-Referer`; RFC 9110, section 10.1.3 forbids a user name
  /// and a fragment there.
  static func siteURL(_ text: String) throws(ValueProblem) -> String {
    let example = "for example https://example.com"
    let (_, rest) = try schemeAndRest(text, example: example)
    let authority = rest.prefix { !"/?#".contains($0) }
    guard ASCII.isVisible(text), text.utf8.count <= 2048, !authority.isEmpty else {
      throw ValueProblem(
        "the URL has no host, is too long or holds characters beyond visible ASCII", fix: example)
    }
    guard !authority.contains("@"), !rest.contains("#") else {
      throw ValueProblem("the URL holds a user name or a fragment", fix: "remove it, " + example)
    }
    return text
  }

  private static func schemeAndRest(
    _ text: String, example: String
  ) throws(ValueProblem) -> (UpstreamURL.Scheme, Substring) {
    let lower = text.lowercased()
    if lower.hasPrefix("https://") { return (.https, text.dropFirst(8)) }
    if lower.hasPrefix("http://") { return (.http, text.dropFirst(7)) }
    throw ValueProblem("the URL does not begin with https:// or http://", fix: example)
  }

  /// The parts of `HOST`, `HOST:PORT`, `[HOST]` or `[HOST]:PORT`; nil when the brackets or colons are wrong.
  static func hostAndPort(_ text: String) -> (host: String, port: String?)? {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard host.contains(":") else { return nil }
      if rest.isEmpty { return (host, nil) }
      return rest.hasPrefix(":") ? (host, String(rest.dropFirst())) : nil
    }
    let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    switch parts.count {
    case 1: return (parts[0], nil)
    case 2: return (parts[0], parts[1])
    default: return nil
    }
  }

  static func port(_ text: String, from least: Int) -> Int? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isDigit), let port = Int(text),
      (least...65_535).contains(port)
    else { return nil }
    return port
  }

  static func checkedHost(_ host: String) throws(ValueProblem) -> String {
    if host.contains(":") {
      guard IPv6.groups(of: host) != nil else {
        throw ValueProblem("what stands in brackets is not an IPv6 address", fix: "for example [::1]")
      }
      return host
    }
    let isNumeric = host.utf8.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") }
    guard host.utf8.count <= 253, host.utf8.allSatisfy(ASCII.isNameByte),
      !isNumeric || IPv4.octets(of: host) != nil,
      !host.split(separator: ".", omittingEmptySubsequences: false).dropLast().contains("")
    else {
      throw ValueProblem(
        "the host is neither a name nor an IP address",
        fix: "use letters, digits, dots and dashes, or an IP address such as 127.0.0.1 or [::1]")
    }
    return host
  }

  private static func basePath(_ text: String) throws(ValueProblem) -> String {
    var path = text
    while path.hasSuffix("/") { path.removeLast() }
    let segments = path.split(separator: "/", omittingEmptySubsequences: false)
    guard path.utf8.allSatisfy(isPathByte), !segments.contains("."), !segments.contains("..") else {
      throw ValueProblem(
        "the URL's path holds characters or segments that do not belong into one",
        fix: "percent-encode them and leave out . and ..")
    }
    guard !path.hasSuffix("/chat/completions") else {
      throw ValueProblem(
        "the URL is that of an endpoint",
        fix: "leave out /chat/completions: requests append it to the base URL")
    }
    return path
  }

  /// RFC 3986, section 3.3: pchar, the slash and the percent sign.
  private static func isPathByte(_ byte: UInt8) -> Bool {
    ASCII.isNameByte(byte) || "/~!$&'()*+,;=:@%".utf8.contains(byte)
  }
}
