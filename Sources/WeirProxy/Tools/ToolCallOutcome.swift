public import WeirWire

/// Whose a tool call was: what the metric and the log line of its verdict are labelled with.
public struct ToolCallLabels: Sendable, Equatable {
  /// The model as metrics name it.
  public var model: String
  /// The rollout's variant, empty without one.
  public var variant: String
  /// The upstream provider that the reply named (`provider` in OpenRouter's), empty without one.
  public var provider: String
  /// The request's id, for the log.
  public var requestID: String

  /// Labels for all calls of one reply.
  public init(model: String, variant: String, provider: String, requestID: String) {
    self.model = model
    self.variant = variant
    self.provider = provider
    self.requestID = requestID
  }
}

/// One tool call's verdict, and whose it was.
public struct ToolCallOutcome: Sendable, Equatable {
  /// Model, variant, provider and request.
  public let labels: ToolCallLabels
  /// The call's place among those of its reply, from 0.
  public let position: Int
  /// What the check found.
  public let verdict: ToolCallVerdict
}
