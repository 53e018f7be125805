/// Why an upstream brought no whole reply.
public enum UpstreamFault: Sendable, Equatable {
  /// No connection, or none that is trusted.
  case unreachable
  /// The connection closed before the reply began.
  case closedBeforeReply
  /// A phase took longer than its time-out.
  case timeout
  /// The reply is not valid HTTP.
  case protocolError
  /// The reply ended before it was complete.
  case brokenReply
  /// weir has no memory or descriptor left for the request.
  case local
}

/// What happens after an attempt.
public enum NextStep: Sendable, Equatable {
  /// The client gets the last whole reply: this attempt's, or the one that was kept of an earlier attempt.
  case relay
  /// The same target is asked again after so many nanoseconds, if it then takes requests.
  case retry(after: Int64)
  /// Another target is asked at once: the place in the plan.
  case fallBack(to: Int)
  /// The client gets an error of weir's own.
  case refuse(Refusal)
}
