public import WeirWire

/// One request's record: a field per step of `RequestPath`, in the order of the steps.
///
/// The record is the trail: response headers, metrics, the access log and `weir explain` read it, so that no step
/// logs or counts. Times are nanoseconds of a monotonic clock.
///
/// An object, since it is large: steps write into it where it is. It belongs to one event loop; whoever needs what it
/// said earlier takes that out, as `EarlierAttempt` does.
public final class Exchange {
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
  /// What the client may do; nil where no keys are asked for.
  public internal(set) var profile: ClientProfile?
  /// Which of the client's own credentials may go upstream.
  public internal(set) var ownCredentials = OwnCredentials.all

  /// The trace that it belongs to.
  public internal(set) var trace: TraceContext?

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
  /// Which tools the request and its reply may name; nil where there is no rule.
  public internal(set) var toolPermissions: ToolPermissions?
  /// Where the request may go, in order.
  public internal(set) var plan = AttemptPlan(targets: [])
  /// What screening found, and changes in the body; nil where it found nothing.
  public internal(set) var screening: ScreeningRecord?
  /// When the client wants an answer at the latest; nil leaves that to the upstream's total time-out.
  public internal(set) var deadline: Int64?

  // aim
  /// The place in `plan` that the body was last edited for.
  public internal(set) var aim: Int?
  /// What that upstream calls the model; nil when the request names none.
  public internal(set) var sentModel: String?
  /// What weir changes in the body.
  public internal(set) var splice = BodySplice()
  /// What the changes to the body are called in `x-weir-edits`, in the order made.
  public internal(set) var edits: [String] = []
  /// What the client asked for and does not get, a sentence each.
  public internal(set) var warnings: [String] = []
  /// The output bound of one reply as the request goes upstream, in tokens; nil without one.
  public internal(set) var outputBound: Int?
  /// weir asks for the stream's usage on its own account, and the client does not see the event that brings it.
  public internal(set) var hidesStreamUsage = false
  /// The output bound that weir puts in because a hard budget applies; nil leaves the request as it is.
  public internal(set) var outputCap: Int?

  // reserve
  /// What is left of the limits that the request counts for.
  public internal(set) var rateLimits = RateLimitView()
  /// Expected tokens, where a limit or budget looks at them.
  public internal(set) var estimate: TokenEstimate?
  /// The soft budgets that are used up, by name.
  public internal(set) var usedUpBudgets: [String] = []

  // look up
  /// What the request has to do with the cache.
  public internal(set) var cacheDecision = CacheDecision.bypass(.endpoint)
  /// Where its reply came from.
  public internal(set) var cacheResult = CacheResult.bypass
  /// Since when it followed an identical request; nil where it did not.
  public internal(set) var followedAt: Int64?
  /// The kept reply that answers it; what it says about itself is of tokens that this request did not use.
  public internal(set) var kept: StoredReply?

  /// Changes outside the members of the body, for `x-weir-edits`.
  public private(set) var otherEdits: [String] = []
  /// Changes of the reply, which hold for all who get it, for `x-weir-edits`.
  public private(set) var replyEdits: [String] = []

  // beginAttempt, afterAttempt
  /// Requests sent upstream.
  public internal(set) var attempts = 0
  /// The place in `plan` of the last attempt. Not to be confused with `target`, which is where in the API it goes.
  public internal(set) var targetIndex = 0
  /// Attempts at that place after the first.
  public internal(set) var retries = 0
  /// A circuit that the last step opened or closed, for the log.
  public internal(set) var circuitChange: CircuitChange?
  /// The upstream that served the last attempt.
  public internal(set) var upstream: String?
  /// Whether the last attempt finds out for all others whether its upstream works again.
  public internal(set) var isProbe = false
  /// When the first attempt began.
  public internal(set) var firstSentAt: Int64?
  /// When the last attempt began.
  public internal(set) var sentAt: Int64?
  /// When the head of the last attempt's reply arrived.
  public internal(set) var repliedAt: Int64?
  /// Whether that reply is an event stream: who is asked for one may answer plainly. Nil where that is not known.
  public internal(set) var repliesAsStream: Bool?
  /// The attempts that are over, in order.
  public internal(set) var trail: [AttemptRecord] = []
  /// The status that the client was sent, or the last attempt's so far.
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
  /// What it used; nil where it used nothing, or nobody reads its reply.
  public internal(set) var metered: MeteredUsage?
  /// What it cost, nothing for a kept reply; nil where the upstream was not asked, or nobody knows.
  public internal(set) var cost: Cost?
  /// What the upstream would have cost, where the reply was a kept one, in US dollars; nil where nobody knows.
  public internal(set) var savedUSD: Double?
  /// What came of its reservations.
  public internal(set) var settlement = Settlement()

  init(requestID: String, receivedAt: Int64, method: String) {
    self.requestID = requestID
    self.receivedAt = receivedAt
    self.method = method
  }

  /// The API that was called; `.other` until that is known.
  public var endpoint: Endpoint { target?.endpoint ?? .other }

  /// Whether a limit of weir's own covers the request.
  public var isLimited: Bool { rateLimits.requests != nil || rateLimits.tokens != nil }

  /// What `x-weir-edits` says.
  public var allEdits: [String] {
    otherEdits.isEmpty && replyEdits.isEmpty ? edits : edits + otherEdits + replyEdits
  }

  /// What `x-weir-warnings` says, a sentence each.
  public var allWarnings: [String] {
    usedUpBudgets.isEmpty ? warnings : warnings + usedUpBudgets.map { "the budget \($0) is used up" }
  }

  /// Notes a change outside the body for `x-weir-edits`.
  public func note(edit: String) { otherEdits.append(edit) }

  /// Notes a change of the reply for `x-weir-edits`.
  public func note(replyEdit: String) { replyEdits.append(replyEdit) }

  /// The reply is another one: its changes are these.
  public func replaceReplyEdits(_ edits: [String] = []) { replyEdits = edits }
}

/// Where a reply came from; the raw values are those of `x-weir-cache`.
public enum CacheResult: String, Sendable {
  /// From the cache.
  case hit
  /// From the upstream, for an identical request that was there before.
  case coalesced
  /// From the upstream; the next identical request may get it from the cache.
  case miss
  /// From the upstream, and nothing is kept.
  case bypass
}

/// One attempt that is over.
public struct AttemptRecord: Sendable, Equatable {
  /// What headers and metrics call the upstream.
  public let upstream: String
  /// The model as it was sent; nil when the request names none.
  public let model: String?
  /// Of its reply; nil where no head came.
  public let status: Int?
  /// Why it was no success; nil for one.
  public let failure: AttemptFailure?
  /// Whether the same model was tried again because of it.
  public internal(set) var wasRetried = false
  /// When it began.
  public let sentAt: Int64
  /// When it was over.
  public let endedAt: Int64
}

/// Why a request goes to another model than the one it is for.
public struct FallbackReason: Sendable, Equatable {
  /// The label `reason` in metrics.
  public let label: String

  /// Kimi models are switched off.
  public static let killSwitch = FallbackReason(label: "kill_switch")
  /// The request is too long for the model.
  public static let contextLength = FallbackReason(label: "context_length")
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
