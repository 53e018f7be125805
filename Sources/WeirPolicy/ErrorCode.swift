/// Every error that weir makes on its own account; the raw values are the `code` of the reply (INTERFACE.md).
public enum ErrorCode: String, Sendable, CaseIterable {
  /// The body is not JSON.
  case invalidJSON = "invalid_json"
  /// The request breaks a rule of HTTP or of the API.
  case invalidRequest = "invalid_request"
  /// A top-level key comes twice, so that two readers may see two different requests.
  case duplicateKey = "duplicate_key"
  /// The body is over its bound.
  case bodyTooLarge = "body_too_large"
  /// The body's `Content-Encoding` cannot be read.
  case unsupportedEncoding = "unsupported_encoding"
  /// The header bytes are over their bound.
  case headersTooLarge = "headers_too_large"
  /// No key, or one that is not known.
  case unauthorized
  /// The model is not allowed to this client.
  case modelNotAllowed = "model_not_allowed"
  /// A tool is not allowed to this client.
  case toolNotAllowed = "tool_not_allowed"
  /// A rule on content does not let the request pass.
  case contentBlocked = "content_blocked"
  /// More input or output tokens than are allowed.
  case tokenLimitExceeded = "token_limit_exceeded"
  /// The model is switched off and has no fallback.
  case modelDisabled = "model_disabled"
  /// More than a limit allows, the upstream's or weir's own.
  case rateLimitExceeded = "rate_limit_exceeded"
  /// A budget is used up, or the request could go over it.
  case budgetExceeded = "budget_exceeded"
  /// Every upstream that could serve the request failed lately and is not asked for a while.
  case circuitOpen = "circuit_open"
  /// More requests or connections than weir may hold.
  case overloaded
  /// No connection to the upstream came about, or it closed before it answered.
  case upstreamUnreachable = "upstream_unreachable"
  /// The upstream took too long.
  case upstreamTimeout = "upstream_timeout"
  /// What the upstream sent is not valid HTTP.
  case upstreamProtocolError = "upstream_protocol_error"
  /// The upstream's reply ended before it was complete.
  case upstreamStreamBroken = "upstream_stream_broken"
  /// weir is going down.
  case shuttingDown = "shutting_down"

  /// The HTTP status of a reply that carries the code.
  public var status: Int {
    switch self {
    case .invalidJSON, .invalidRequest, .duplicateKey, .tokenLimitExceeded: 400
    case .bodyTooLarge: 413
    case .unsupportedEncoding: 415
    case .rateLimitExceeded, .budgetExceeded: 429
    case .headersTooLarge: 431
    case .unauthorized: 401
    case .modelNotAllowed, .toolNotAllowed, .contentBlocked: 403
    case .modelDisabled, .circuitOpen, .overloaded, .shuttingDown: 503
    case .upstreamUnreachable, .upstreamProtocolError, .upstreamStreamBroken: 502
    case .upstreamTimeout: 504
    }
  }
}
