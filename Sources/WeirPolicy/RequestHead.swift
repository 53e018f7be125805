/// What the policy reads of a request's head.
public struct RequestHead: Sendable {
  /// A token (RFC 9110, section 9.1), in the client's spelling.
  public var method: String
  /// The request target as it came.
  public var target: String
  /// `Authorization`.
  public var authorization: String?
  /// `x-api-key`, as Anthropic's clients send it.
  public var apiKey: String?
  /// `x-weir-user`.
  public var weirUser: String?
  /// `x-user-id`.
  public var userID: String?
  /// `x-weir-task`.
  public var weirTask: String?
  /// `x-weir-variant`.
  public var weirVariant: String?
  /// `x-weir-timeout`.
  public var weirTimeout: String?
  /// `x-weir-cache-ttl`.
  public var weirCacheTTL: String?
  /// `traceparent`, the client's or weir's own; nil where there is no valid one.
  public var trace: TraceContext?
  /// The values of all `Cache-Control` lines, in order.
  public var cacheControl: [String] = []

  /// Whether a body follows.
  public var hasBody = false

  /// A head with nothing but its first line.
  public init(method: String, target: String) {
    self.method = method
    self.target = target
  }
}

extension RequestHead: CustomStringConvertible, CustomReflectable {
  /// The method alone: targets and fields may hold keys.
  public var description: String { method }
  /// Nothing for `dump` to descend into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
