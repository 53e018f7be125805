extension ValueParsers {
  /// `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]`, the same with `rediss://` for TLS, or
  /// `unix://[[USER]:PASSWORD@]/PATH[?db=DB]`. User and password are percent-decoded. Nothing of it is ever quoted.
  static func redisURL(_ text: String) throws(ValueProblem) -> RedisURL {
    let example = "for example redis://:PASSWORD@redis.internal:6379/0 or unix:///run/redis/redis.sock"
    guard ASCII.isVisible(text), text.utf8.count <= 4096 else {
      throw ValueProblem(
        "the URL holds blanks, control characters, characters beyond ASCII, or is too long",
        fix: "percent-encode what the password has of them")
    }
    let lower = text.lowercased()
    for scheme in ["redis+unix://", "unix://"] where lower.hasPrefix(scheme) {
      return try redisSocket(text.dropFirst(scheme.count), example)
    }
    for (scheme, isSecure) in [("redis://", false), ("rediss://", true)] where lower.hasPrefix(scheme) {
      return try redisHost(text.dropFirst(scheme.count), isSecure: isSecure, example)
    }
    throw ValueProblem("the URL does not begin with redis://, rediss:// or unix://", fix: example)
  }

  /// Text that keys begin with. Braces are for weir's own hash tags.
  static func redisPrefix(_ text: String) throws(ValueProblem) -> String {
    guard (1...64).contains(text.utf8.count), ASCII.isVisible(text), !text.contains("{"), !text.contains("}") else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is empty, longer than 64 bytes, or holds blanks or braces",
        fix: "for example weir: or team-a:weir:")
    }
    return text
  }

  /// 32 bytes in base64 (RFC 4648, section 4, or 5 for URLs), with or without its padding.
  static func redisCacheKey(_ text: String) throws(ValueProblem) -> SecretKey {
    let fix = "make one with: openssl rand -base64 32"
    var bits: UInt32 = 0
    var count = 0
    var bytes: [UInt8] = []
    for byte in text.utf8.reversed().drop(while: { $0 == UInt8(ascii: "=") }).reversed() {
      guard let digit = base64Digit(byte) else { throw ValueProblem("the key is not base64", fix: fix) }
      bits = bits << 6 | digit
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    guard bytes.count == 32 else { throw ValueProblem("the key has not 32 bytes", fix: fix) }
    return SecretKey(bytes)
  }

  private static func base64Digit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }

  private static func redisHost(
    _ text: Substring, isSecure: Bool, _ example: String
  ) throws(ValueProblem) -> RedisURL {
    let (login, rest) = try redisLogin(text)
    let (address, query) = cut(rest, at: "?")
    let (authority, path) = cut(address, at: "/")
    guard query.isEmpty else {
      throw ValueProblem("the URL has a query", fix: "name the database in its path, \(example)")
    }
    guard let (host, portText) = hostAndPort(String(authority)), !host.isEmpty else {
      throw ValueProblem("the URL names no valid host", fix: example)
    }
    guard let port = portText.map({ port($0, from: 1) }) ?? 6379 else {
      throw ValueProblem("the URL's port is not valid", fix: "use 1 to 65535, or leave it out for 6379")
    }
    return RedisURL(
      place: .network(host: try checkedHost(host), port: port), isSecure: isSecure, user: login.user,
      password: login.password, database: try redisDatabase(path))
  }

  private static func redisSocket(_ text: Substring, _ example: String) throws(ValueProblem) -> RedisURL {
    let (login, rest) = try redisLogin(text)
    let (path, query) = cut(rest, at: "?")
    guard path.hasPrefix("/"), path.utf8.count < 108, query.isEmpty || query.hasPrefix("db=") else {
      throw ValueProblem(
        "the URL names no absolute path, or one of over 107 bytes, or a query other than db", fix: example)
    }
    return RedisURL(
      place: .socket(path: String(path)), user: login.user, password: login.password,
      database: try redisDatabase(query.dropFirst(3)))
  }

  private static func redisLogin(
    _ text: Substring
  ) throws(ValueProblem) -> (login: (user: String?, password: Secret?), rest: Substring) {
    guard let at = text.lastIndex(of: "@") else { return ((nil, nil), text) }
    let (user, password) = cut(text[..<at], at: ":")
    guard let decodedUser = percentDecoded(user), let decoded = percentDecoded(password), !decoded.isEmpty else {
      throw ValueProblem(
        "what stands before the @ is not USER:PASSWORD",
        fix: "write :PASSWORD@ for the default user, and percent-encode")
    }
    let name = decodedUser.isEmpty ? nil : decodedUser
    return ((name, Secret(decoded)), text[text.index(after: at)...])
  }

  private static func redisDatabase(_ text: Substring) throws(ValueProblem) -> Int {
    guard !text.isEmpty else { return 0 }
    guard text.utf8.count <= 5, text.utf8.allSatisfy(ASCII.isDigit), let number = Int(text) else {
      throw ValueProblem("the URL's database is not a number", fix: "use 0 to 99999, or leave it out for 0")
    }
    return number
  }

  private static func cut(_ text: Substring, at mark: Character) -> (Substring, Substring) {
    guard let index = text.firstIndex(of: mark) else { return (text, text[text.endIndex...]) }
    return (text[..<index], text[text.index(after: index)...])
  }

  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, rest.prefix(2).allSatisfy(ASCII.isHexDigit),
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else { return nil }
      rest = rest.dropFirst(2)
      bytes.append(value)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
