import Glibc
import WeirPolicy

/// One pass over a request's head: what weir itself needs to know of it.
struct RequestFields {
  private(set) var head: RequestHead
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  private(set) var contentEncoding: String?
  private(set) var acceptEncoding: String?
  private(set) var requestID: String?
  private(set) var expectation: String?
  private(set) var upgrade: String?
  /// Fields that `Connection` names: for this connection only.
  private(set) var nominated: Set<String> = []
  /// Older clients do not know `Expect` (RFC 9110, section 10.1.1).
  private let isHTTP11: Bool
  private(set) var hostCount = 0
  /// A transfer coding other than chunked, which weir would have to undo to pass the body on.
  private(set) var hasUnknownCoding = false
  /// What browsers say about the page that a request comes from.
  private(set) var origin: String?
  private(set) var fetchSite: String?
  private(set) var hostName = ""
  /// A value held bytes that are not UTF-8, which NIO's decoder has replaced.
  private(set) var hasUndecodableValue = false
  private(set) var hasAccept = false
  private(set) var hasContentType = false
  private(set) var hasReferer = false
  private(set) var hasTitle = false
  /// A field came that weir does not know.
  private(set) var hasPlainField = false
  /// Lines of `traceparent`; more than one are none that counts.
  private(set) var traceParents = 0
  /// What goes upstream as `traceparent`, in place of the client's; nil leaves that as it is.
  private(set) var madeTraceParent: String?
  /// Keys that came under other names than `Authorization` and `x-api-key`.
  private(set) var otherCredentials: [String] = []
  /// Fields that choose a version or an account at the upstream, or tell it whose request this is, in order, names in
  /// lower case.
  private(set) var variants: [(name: String, value: String)] = []

  init(_ request: ClientHead) {
    head = RequestHead(method: request.method, target: request.target)
    isHTTP11 = !request.isHTTP10
    request.forEachField { field in
      read(field)
      if unsafe Self.mayBeReplaced(field.value), field.valueText.unicodeScalars.contains("\u{FFFD}") {
        hasUndecodableValue = true
      }
    }
    head.hasBody = hasBody
  }

  /// Whether the first byte of the replacement character is in it.
  private static func mayBeReplaced(_ value: UnsafeRawBufferPointer) -> Bool {
    guard let start = value.baseAddress else { return false }
    return unsafe memchr(start, 0xEF, value.count) != nil
  }

  /// Gives a request that belongs to no trace one of its own (W3C Trace Context, section 4.3: what cannot be read is
  /// begun anew, and its `tracestate` goes).
  mutating func beginTrace(high: UInt64, low: UInt64, parent: UInt64) {
    let trace = TraceContext(high: high, low: low)
    head.trace = trace
    madeTraceParent = trace.header(parent: parent)
  }

  /// Whether bytes follow the head.
  var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

  private mutating func read(_ field: FieldLine) {
    // What is not told apart here is not made text of.
    switch field.kind {
    case .accept: hasAccept = true
    case .contentType: hasContentType = true
    case .referer: hasReferer = true
    case .title, .openRouterTitle: hasTitle = true
    case .plain: hasPlainField = true
    case .hopByHop, .userAgent, .weir, .traceState, .setCookie, .server: break
    // What frames a body is read as it came, with the blanks behind it: there it is safer to refuse.
    case .transferEncoding:
      isChunked = true
      if field.valueText.lowercased() != "chunked" { hasUnknownCoding = true }
    case .contentLength: contentLength = Int(field.valueText) ?? .max
    default:
      let told = unsafe String(decoding: field.told, as: UTF8.self)
      if field.kind == .variant || field.kind == .userID { variants.append((field.nameText.lowercased(), told)) }
      read(field.kind, told)
    }
  }

  private mutating func read(_ kind: FieldKind, _ value: String) {
    switch kind {
    case .connection: readConnection(value)
    case .upgrade: upgrade = value.lowercased()
    case .contentEncoding: contentEncoding = contentEncoding.map { "\($0), \(value)" } ?? value
    case .acceptEncoding: acceptEncoding = acceptEncoding.map { "\($0), \(value)" } ?? value
    case .expect: if isHTTP11 { expectation = value.lowercased() }
    case .authorization: head.authorization = value
    case .apiKey: head.apiKey = value
    case .otherKey: otherCredentials.append(value)
    case .requestID: if requestID == nil, RequestID.isValid(value) { requestID = value }
    case .userID: head.userID = value
    case .weirUser: head.weirUser = value
    case .weirVariant: head.weirVariant = value
    case .weirTask: head.weirTask = value
    case .weirTimeout: head.weirTimeout = value
    case .weirCacheTTL: head.weirCacheTTL = value
    case .cacheControl: head.cacheControl.append(value)
    case .traceParent:
      traceParents += 1
      head.trace = traceParents == 1 ? TraceContext(value) : nil
    case .host:
      hostCount += 1
      hostName = value
    case .origin: origin = value
    case .fetchSite: fetchSite = value.lowercased()
    default: break
    }
  }

  private mutating func readConnection(_ value: String) {
    for token in value.split(separator: ",") {
      let name = token.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased()
      if name != "close", name != "keep-alive", name != "upgrade", !name.isEmpty { nominated.insert(name) }
    }
  }

  /// Exactly one `Host`, or none from a client of HTTP/1.0 (RFC 9112, section 3.2).
  var hasOneHost: Bool { hostCount == 1 || (hostCount == 0 && !isHTTP11) }

  /// Whether the client's `Connection` header keeps a field to this hop.
  func nominates(_ field: FieldLine) -> Bool {
    !nominated.isEmpty && nominated.contains(field.nameText.lowercased())
  }
}
