public import WeirWire

/// One request's record: a field per step of `RequestPath`, in the order of the steps.
///
/// The record is the trail: response headers, metrics, the access log and `weir explain` read it, so that no step
/// logs or counts. Times are nanoseconds of a monotonic clock.
public struct Exchange: Sendable {
  /// Kept from the client when valid, else weir's own.
  public let requestID: String
  /// When the head had arrived.
  public let receivedAt: Int64

  // open
  /// The HTTP method.
  public internal(set) var method: String
  /// Where the request goes; nil when it was refused before that was known.
  public internal(set) var target: RequestTarget?
  /// Who asks.
  public internal(set) var client = ClientDirectory.anonymous

  // admit
  /// When the body was whole, or the head when nobody reads the body.
  public internal(set) var admittedAt: Int64?
  /// Whether the client asked for a stream.
  public internal(set) var isStream = false
  /// The end user, for sticky decisions.
  public internal(set) var user: String?
  /// The model as the client named it.
  public internal(set) var askedModel: String?
  /// The model asked of the upstream.
  public internal(set) var model: ResolvedModel?
  /// Which variant of a rollout serves the request; nil when no rollout is about its model.
  public internal(set) var assignment: RolloutAssignment?
  /// The model that the request would have gone to, had weir not taken another.
  public internal(set) var fallbackFrom: String?
  /// Why weir took another.
  public internal(set) var fallbackReason: FallbackReason?
  /// What weir changes in the body.
  public internal(set) var splice = BodySplice()
  /// What the changes are called in `x-weir-edits`, in the order made.
  public internal(set) var edits: [String] = []
  /// What the client asked for and does not get, a sentence each.
  public internal(set) var warnings: [String] = []

  // afterAttempt
  /// Requests sent upstream.
  public internal(set) var attempts = 0
  /// The upstream that served the last attempt.
  public internal(set) var upstream: String?
  /// When the last attempt began.
  public internal(set) var sentAt: Int64?
  /// When the head of the relayed reply arrived.
  public internal(set) var repliedAt: Int64?
  /// The status that the client was sent.
  public internal(set) var status: Int?
  /// Why weir answered itself, or broke the reply off.
  public internal(set) var refusal: Refusal?

  // settle
  /// What the reply said about itself.
  public internal(set) var reading: ReplyReading?
  /// How it ended.
  public internal(set) var ending: Ending?
  /// When it ended.
  public internal(set) var endedAt: Int64?

  init(requestID: String, receivedAt: Int64, method: String) {
    self.requestID = requestID
    self.receivedAt = receivedAt
    self.method = method
  }

  /// The API that was called; `.other` until that is known.
  public var endpoint: Endpoint { target?.endpoint ?? .other }

  /// Notes a change outside the body for `x-weir-edits`.
  public mutating func note(edit: String) { edits.append(edit) }
}

/// Why a request goes to another model than the one it is for; the raw values are the label `reason`.
public enum FallbackReason: String, Sendable {
  /// Kimi models are switched off.
  case killSwitch = "kill_switch"
  /// The request is too long for the model.
  case contextLength = "context_length"
}

/// How an exchange ended.
public enum Ending: Sendable, Equatable {
  /// The client has the whole reply, an error reply included.
  case complete
  /// The reply broke off; `Exchange.refusal` says why.
  case broken
  /// The client left.
  case clientLeft(ClientPhase)
}

/// What a request was doing when its client left; the raw values are the label `phase`.
public enum ClientPhase: String, Sendable {
  /// The request's body was still on its way.
  case request
  /// The upstream had not answered.
  case waiting
  /// The reply was on its way.
  case reply
}
