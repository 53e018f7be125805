/// What a reply told of itself, for metrics, cost and the ledger; never any of its content.
public struct ReplyReading: Sendable, Equatable {
  /// The last usage the upstream reported.
  public var usage: TokenUsage?
  /// The upstream's own price for the request, in US dollars (OpenRouter's `usage.cost`); with a provider's key of the
  /// operator's own, what that provider takes is in it.
  public var cost: Double?
  /// Who served it, as OpenRouter names it.
  public var provider: String?
  /// The reply's `id`.
  public var generationID: String?
  /// The model the upstream says it used.
  public var model: String?
  /// Why generation stopped, in the API's own word (`finish_reason`, `stop_reason` or the response's status).
  public var finishReason: String?
  /// An error the reply carried in its body.
  public var error: ReplyError?
  /// For a stream: `[DONE]`, `response.completed|incomplete|failed` or `message_stop` was seen. For a plain reply: the
  /// body was one whole JSON document. A stream that ended by an error event has `error` and may lack this.
  public var sawEndMarker = false
  /// Any output was seen: text, reasoning, a refusal or a tool call.
  public var sawContent = false
  /// How many events carried output; at most 1 for a plain reply.
  public var contentEvents = 0
  /// Some event's data, or the plain body, was not JSON.
  public var isMalformed = false
  /// No event is half read; always true for a plain reply.
  public var isAtEventBoundary = true
  /// Tool calls begun.
  public var toolCalls = 0
  /// The model refused in the API's own field for it.
  public var sawRefusal = false
  /// Known once the reply is over: it was whole and without error, and yet had neither text nor tool calls.
  public var isEmpty = false

  /// A reading of nothing yet.
  public init() {}
}

/// An error that came in a reply's body.
public struct ReplyError: Sendable, Equatable {
  /// The upstream's code or, where it has none, its type.
  public var code: String?
  /// True when it came in a stream, after the HTTP status had already said 200.
  public var isMidStream: Bool
  /// Its code or message says that the request is too long for the model.
  public var isContextLength: Bool

  /// An error with a code, if it has one; its message is never kept.
  public init(code: String?, isMidStream: Bool, isContextLength: Bool = false) {
    self.code = code
    self.isMidStream = isMidStream
    self.isContextLength = isContextLength
  }
}
