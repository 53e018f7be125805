/// What a header field means to a proxy; everything that is `plain` passes untouched.
enum FieldKind {
  case plain
  /// For one connection only (RFC 9110, section 7.6.1, and RFC 2616, section 13.5.1).
  case hopByHop
  case connection
  case transferEncoding
  case upgrade
  case host
  case contentLength
  case contentEncoding
  case contentType
  case acceptEncoding
  case accept
  case expect
  case authorization
  case apiKey
  /// Other upstreams' ways to send a key: Azure's and Google's.
  case otherKey
  case userAgent
  case referer
  case title
  case openRouterTitle
  case requestID
  case userID
  case weirUser
  case weirVariant
  case weirTask
  case weirTimeout
  case weirCacheTTL
  case cacheControl
  case traceParent
  case traceState
  /// Chooses a version or an account at the upstream.
  case variant
  case origin
  case fetchSite
  /// An upstream's cookie.
  case setCookie
  /// What software an upstream says it is.
  case server
  /// Any other `x-weir-` field: between a client and its weir only.
  case weir

  /// Reads a field name of any letter case.
  init(_ name: UnsafeRawBufferPointer) {
    self = unsafe Self.find(name)
  }

  init(_ name: String) {
    self = unsafe name.utf8Span.span.withUnsafeBytes { unsafe Self.find($0) }
  }

  private static func find(_ name: UnsafeRawBufferPointer) -> FieldKind {
    let kind = unsafe known(name)
    if case .plain = kind, unsafe begins(name, "x-weir-") { return .weir }
    return kind
  }

  private static func known(_ name: UnsafeRawBufferPointer) -> FieldKind {
    switch name.count {
    case 2: unsafe equal(name, "te") ? .hopByHop : .plain
    case 4: unsafe equal(name, "host") ? .host : .plain
    case 6:
      if unsafe equal(name, "accept") {
        .accept
      } else if unsafe equal(name, "expect") {
        .expect
      } else if unsafe equal(name, "server") {
        .server
      } else {
        unsafe equal(name, "origin") ? .origin : .plain
      }
    case 7 where unsafe equal(name, "api-key"): .otherKey
    case 7:
      if unsafe equal(name, "upgrade") {
        .upgrade
      } else if unsafe equal(name, "x-title") {
        .title
      } else if unsafe equal(name, "trailer") {
        .hopByHop
      } else {
        .plain
      }
    case 8: unsafe equal(name, "trailers") ? .hopByHop : .plain
    case 9:
      if unsafe equal(name, "x-api-key") { .apiKey } else if unsafe equal(name, "x-user-id") { .userID } else { .plain }
    case 10:
      if unsafe equal(name, "connection") {
        .connection
      } else if unsafe equal(name, "user-agent") {
        .userAgent
      } else if unsafe equal(name, "keep-alive") {
        .hopByHop
      } else if unsafe equal(name, "tracestate") {
        .traceState
      } else {
        unsafe equal(name, "set-cookie") ? .setCookie : .plain
      }
    case 11:
      if unsafe equal(name, "x-weir-user") {
        .weirUser
      } else if unsafe equal(name, "x-weir-task") {
        .weirTask
      } else if unsafe equal(name, "traceparent") {
        .traceParent
      } else {
        unsafe equal(name, "openai-beta") ? .variant : .plain
      }
    default: unsafe knownLong(name)
    }
  }

  private static func knownLong(_ name: UnsafeRawBufferPointer) -> FieldKind {
    switch name.count {
    case 12:
      if unsafe equal(name, "content-type") {
        .contentType
      } else if unsafe equal(name, "http-referer") {
        .referer
      } else if unsafe equal(name, "x-request-id") {
        .requestID
      } else {
        .plain
      }
    case 13:
      if unsafe equal(name, "authorization") {
        .authorization
      } else {
        unsafe equal(name, "cache-control") ? .cacheControl : .plain
      }
    case 14:
      if unsafe equal(name, "content-length") {
        .contentLength
      } else if unsafe equal(name, "x-goog-api-key") {
        .otherKey
      } else if unsafe equal(name, "x-weir-variant") {
        .weirVariant
      } else if unsafe equal(name, "x-weir-timeout") {
        .weirTimeout
      } else {
        unsafe knownOfFourteen(name)
      }
    case 15: unsafe equal(name, "accept-encoding") ? .acceptEncoding : .plain
    case 16:
      if unsafe equal(name, "content-encoding") {
        .contentEncoding
      } else if unsafe equal(name, "x-weir-cache-ttl") {
        .weirCacheTTL
      } else if unsafe equal(name, "proxy-connection") {
        .hopByHop
      } else {
        .plain
      }
    case 17:
      if unsafe equal(name, "transfer-encoding") {
        .transferEncoding
      } else {
        unsafe equal(name, "anthropic-version") ? .variant : .plain
      }
    case 18:
      if unsafe equal(name, "proxy-authenticate") {
        .hopByHop
      } else if unsafe equal(name, "x-openrouter-title") {
        .openRouterTitle
      } else {
        .plain
      }
    case 19:
      if unsafe equal(name, "proxy-authorization") {
        .hopByHop
      } else {
        unsafe equal(name, "openai-organization") ? .variant : .plain
      }
    default: .plain
    }
  }

  private static func knownOfFourteen(_ name: UnsafeRawBufferPointer) -> FieldKind {
    if unsafe equal(name, "sec-fetch-site") {
      .fetchSite
    } else {
      unsafe equal(name, "anthropic-beta") || equal(name, "openai-project") ? .variant : .plain
    }
  }

  private static func equal(_ name: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    unsafe name.count == lowercase.utf8CodeUnitCount && begins(name, lowercase)
  }

  private static func begins(_ name: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    let count = lowercase.utf8CodeUnitCount
    guard name.count >= count else { return false }
    let expected = unsafe lowercase.utf8Start
    for index in 0..<count where unsafe name[index] | 0x20 != expected[index] { return false }
    return true
  }
}
