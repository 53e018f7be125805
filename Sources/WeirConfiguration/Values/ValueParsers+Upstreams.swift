import WeirWire

extension ValueParsers {
  /// An upstream's name, `default` included: 1 to 32 of `a-z 0-9 - _`.
  static func upstreamID(_ text: String) throws(ValueProblem) -> String {
    let isValid = text.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    guard (1...32).contains(text.utf8.count), isValid else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is not an upstream's name", fix: "use 1 to 32 of the characters a-z 0-9 - _")
    }
    return text
  }

  /// The name of an environment variable that is not one of weir's. What was given is not shown: it may be the key.
  static func variable(_ text: String) throws(ValueProblem) -> String {
    let isValid = text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") }
    guard (1...128).contains(text.utf8.count), isValid, text.utf8.first.map(ASCII.isDigit) == false else {
      throw ValueProblem(
        "the value is not the name of a variable", fix: "name the variable that holds the key, for example VLLM_KEY")
    }
    guard !text.hasPrefix("WEIR_") else {
      throw ValueProblem(
        "variables that begin with WEIR_ are weir's own", fix: "choose another name, for example VLLM_KEY")
    }
    return text
  }

  /// A header's name (RFC 9110, section 5.6.2: token) that weir does not set itself.
  static func headerName(_ text: String) throws(ValueProblem) -> String {
    guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy(isTokenByte) else {
      throw ValueProblem(
        "a header's name holds other characters than letters, digits and dashes, or is too long",
        fix: "write Name: value, for example X-Team: search")
    }
    guard !reservedHeaders.contains(text.lowercased()) else {
      throw ValueProblem("the header \(text) is set by weir and libcurl for each request", fix: "remove it")
    }
    return text
  }

  /// A header's value (RFC 9110, section 5.5) in visible ASCII and blanks; it is never shown.
  static func headerValue(_ text: String) throws(ValueProblem) -> Secret {
    let isValid = text.utf8.allSatisfy { ASCII.isVisible($0) || ASCII.isBlank($0) }
    guard !text.isEmpty, text.utf8.count <= 4096, isValid else {
      throw ValueProblem(
        "the header's value is empty, over 4096 bytes, or holds line breaks or characters beyond ASCII",
        fix: "check that it was copied whole and alone")
    }
    return Secret(text)
  }

  /// One of the JSON APIs, by its path.
  static func endpoint(_ text: String) throws(ValueProblem) -> Endpoint {
    let known = Endpoint.allCases.filter(\.readsBody)
    if let endpoint = known.first(where: { $0.rawValue == text.lowercased() }) { return endpoint }
    let names = known.map(\.rawValue)
    throw ValueProblem(
      "\(ValueProblem.quoted(text)) is not one of \(names.joined(separator: ", "))",
      fix: NearestName.of(text, among: names).map { "did you mean \($0)?" } ?? "choose one of them")
  }

  /// RFC 9110, section 5.6.2: tchar.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    ASCII.isLetter(byte) || ASCII.isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }

  /// Fields of one connection (RFC 9110, section 7.6.1), of the body as weir sends it, and of what weir can read.
  private static let reservedHeaders: Set<String> = [
    "host", "content-length", "content-encoding", "content-type", "connection", "keep-alive", "proxy-connection",
    "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "expect",
    "accept-encoding", "x-request-id",
  ]
}
