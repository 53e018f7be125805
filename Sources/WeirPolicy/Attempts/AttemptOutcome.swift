/// What one request to an upstream came to.
public enum AttemptOutcome: Sendable, Equatable {
  /// The head of a reply.
  case reply(status: Int)
  /// No reply, or no more of it.
  case fault(UpstreamFault, reason: String)
}

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
  /// The client gets the reply.
  case relay
  /// The client gets an error of weir's own.
  case refuse(Refusal)
}
