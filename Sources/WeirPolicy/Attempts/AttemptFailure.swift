import WeirWire

/// Why an attempt was no success, in the kinds that are treated differently. What only the client can mend (400, 401,
/// 402, 403, 404, 413, 422 and the like) is none of these: it is an answer.
public enum AttemptFailure: Sendable, Hashable {
  /// No connection, or none that is trusted.
  case connect
  /// The connection closed before the reply began.
  case reset
  /// A phase took longer than its time-out, or the client's own.
  case timeout
  /// The reply is not valid HTTP.
  case protocolError
  /// 408, 425, 429, or any from 500 to 599.
  case status(Int)
  /// A status of success, and an error in the body or in the first event; with the status that its code means, if any.
  case errorInReply(Int?)
  /// The reply ended before it was complete, and before its client had any of it.
  case streamBroken
  /// The request is too long for the model.
  case contextLength
  /// weir itself had no memory or descriptor for it.
  case local
  /// Not sent: the circuit is open.
  case circuitOpen
  /// Not sent: the upstream asked for a pause.
  case paused

  /// What an attempt came to; nil for an answer, be it a success or an error of the client's.
  public static func of(_ report: AttemptReport) -> AttemptFailure? {
    if let status = report.status, status >= 400 {
      if report.error?.isContextLength == true, mayMeanLength(status) { return .contextLength }
      if let failure = of(status: status, code: report.error?.code) { return .status(failure) }
    }
    if let fault = report.fault { return of(fault) }
    guard let status = report.status else { return .reset }
    guard status < 400, let error = report.error else { return nil }
    if error.isContextLength { return .contextLength }
    guard let meant = ErrorMeaning.status(of: error.code) else { return .errorInReply(nil) }
    return of(status: meant, code: error.code).map { .errorInReply($0) }
  }

  /// The label `reason` of `weir_retries_total` and `weir_fallbacks_total`.
  public var label: String {
    switch self {
    case .connect: "connect"
    case .reset: "reset"
    case .timeout: "timeout"
    case .protocolError: "protocol"
    case .status(let status): "status_\(status)"
    case .errorInReply: "error_in_reply"
    case .streamBroken: "stream_broken"
    case .contextLength: "context_length"
    case .local: "local"
    case .circuitOpen: "circuit_open"
    case .paused: "paused"
    }
  }

  /// Whether the same request may succeed at the same upstream and model a moment later.
  public var isRetryable: Bool {
    switch self {
    case .connect, .reset, .protocolError, .streamBroken: true
    case .status(let status): Self.isPassing(status)
    case .errorInReply(let status): status.map(Self.isPassing) ?? true
    case .timeout, .contextLength, .local, .circuitOpen, .paused: false
    }
  }

  /// Whether another upstream or model may do better.
  public var allowsFallback: Bool { self != .local }

  /// Whether another target, where there is one, is asked before this one is asked again.
  public var fallsBackAtOnce: Bool {
    switch self {
    case .status(let status): status == 503 || status == 529
    case .errorInReply(let status): status == 503 || status == 529
    case .timeout, .contextLength, .circuitOpen, .paused: true
    case .connect, .reset, .protocolError, .streamBroken, .local: false
    }
  }

  /// Whether the wait that came with it holds for all requests.
  public var pauses: Bool { meantStatus == 429 }

  /// What it says of the upstream's health.
  public var circuitOutcome: CircuitOutcome {
    switch self {
    case .connect, .reset, .timeout, .protocolError, .streamBroken: .failure
    case .status, .errorInReply:
      switch meantStatus {
      case 425: .success
      case 429: .unknown
      default: .failure
      }
    case .contextLength: .success
    case .local, .circuitOpen, .paused: .unknown
    }
  }

  private var meantStatus: Int? {
    switch self {
    case .status(let status): status
    case .errorInReply(let status): status
    default: nil
    }
  }

  /// Statuses that are known to pass by themselves; others of the server's, such as 501, are not.
  private static func isPassing(_ status: Int) -> Bool {
    switch status {
    case 408, 425, 429, 500, 502, 503, 504, 529: true
    default: false
    }
  }

  /// Those with which upstreams refuse a request that is too long; gateways also pass it off as their own failure.
  private static func mayMeanLength(_ status: Int) -> Bool {
    switch status {
    case 400, 413, 422, 500...599: true
    default: false
    }
  }

  /// The status where it is a failure; nil where it is the client's to mend, as an empty account is.
  private static func of(status: Int, code: String?) -> Int? {
    switch status {
    case 429: ErrorMeaning.status(of: code) == 402 ? nil : status
    case 408, 425, 500...599: status
    default: nil
    }
  }

  private static func of(_ fault: UpstreamFault) -> AttemptFailure {
    switch fault {
    case .unreachable: .connect
    case .closedBeforeReply: .reset
    case .timeout: .timeout
    case .protocolError: .protocolError
    case .brokenReply: .streamBroken
    case .local: .local
    }
  }
}
