public import WeirWire

/// What one attempt came to, as far as it is known when its fate is decided.
public struct AttemptReport: Sendable, Equatable {
  /// Of the reply; nil where no head came.
  public var status: Int?
  /// Why there is no whole reply; nil for one that is whole, or whole so far.
  public var fault: UpstreamFault?
  /// What the log and the client are told of the fault.
  public var reason: String
  /// An error in the reply's body, or in a stream's events.
  public var error: ReplyError?
  /// What the upstream asks to wait, by `RetryDelay`, in nanoseconds.
  public var retryAfter: Int64?
  /// The upstream says that trying this request again is of no use (`x-should-retry: false`, as OpenAI's and Anthropic's
  /// clients read it).
  public var mustNotRetry: Bool
  /// From the request's sending to the reply's head, in nanoseconds; nil where no head came.
  public var toHead: Int64?
  /// The client has some of the reply's output, so that nothing can be hidden from it.
  public var sawContent: Bool
  /// The time that ran out is one that the client had shortened, which says nothing of the upstream.
  public var isClientDeadline: Bool

  /// An attempt that brought a reply, or failed.
  public init(
    status: Int? = nil, fault: UpstreamFault? = nil, reason: String = "", error: ReplyError? = nil,
    retryAfter: Int64? = nil, mustNotRetry: Bool = false, toHead: Int64? = nil, sawContent: Bool = false,
    isClientDeadline: Bool = false
  ) {
    self.status = status
    self.fault = fault
    self.reason = reason
    self.error = error
    self.retryAfter = retryAfter
    self.mustNotRetry = mustNotRetry
    self.toHead = toHead
    self.sawContent = sawContent
    self.isClientDeadline = isClientDeadline
  }

  /// Whether it is a reply that a client can be sent as it is.
  public var isWholeReply: Bool { status != nil && fault == nil }

  /// What it says of the upstream's health.
  public func circuitOutcome(_ policy: ResiliencePolicy.Circuit) -> CircuitOutcome {
    if fault == .timeout, isClientDeadline { return .unknown }
    if let failure = AttemptFailure.of(self), failure.circuitOutcome != .success { return failure.circuitOutcome }
    guard let slowCall = policy.slowCall, let toHead, toHead > slowCall else { return .success }
    return .slow
  }

  /// How long no other request is to go to the upstream's model, in nanoseconds; nil where it does not ask for that, or
  /// means this request alone.
  public var pause: Int64? {
    guard !mustNotRetry, let failure = AttemptFailure.of(self), failure.pauses, let retryAfter, retryAfter > 0
    else { return nil }
    return min(retryAfter, RetryDelay.longest)
  }
}
