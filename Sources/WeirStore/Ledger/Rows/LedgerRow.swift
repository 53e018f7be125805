/// One request as the ledger keeps it: who asked for what, how it went, what it cost. Never a prompt or a reply.
///
/// Texts longer than `LedgerRow.maximumTextBytes` are cut when written. `user` is kept as the client gave it, since
/// reports go by it; whoever must not store it leaves it nil.
public struct LedgerRow: Sendable, Equatable {
  /// Longer texts are cut at a character's border, so that no client can make the file grow by long names.
  public static let maximumTextBytes = 512

  /// The request's id; clients may choose and reuse it, so it alone identifies no row.
  public var id: String
  /// Wall time of the request's head, in milliseconds since 1970 UTC.
  public var timeMilliseconds: Int64

  /// The name of the client's key, else `anonymous`.
  public var client = "anonymous"
  /// The end user as the client named it.
  public var user: String?
  /// The API that was called, as in the label `endpoint`.
  public var endpoint = "other"
  /// The model as the client named it.
  public var askedModel: String?
  /// The model asked of the upstream.
  public var model: String?
  /// The upstream that served the last attempt; nil when none was tried.
  public var upstream: String?
  /// Who served the request behind the upstream, as the reply says.
  public var provider: String?
  /// The rollout that decided on the model.
  public var rollout: String?
  /// The variant of that rollout.
  public var variant: String?
  /// Whether the client asked for a stream.
  public var isStream = false

  /// The status that the client was sent; nil when it left before.
  public var status: Int?
  /// weir's own error code, or `upstream_error_in_reply` where the reply has an error that its status does not tell; nil
  /// without either.
  public var errorCode: String?
  /// How the exchange ended.
  public var ending = Ending.complete
  /// What the cache did.
  public var cache: CacheResult?
  /// Requests sent upstream.
  public var attempts = 0
  /// The model that the request would have gone to, had weir not taken another.
  public var fallbackFrom: String?

  /// Prompt tokens, those from the provider's cache among them; nil when unknown.
  public var inputTokens: Int?
  /// Completion tokens, reasoning among them; nil when unknown.
  public var outputTokens: Int?
  /// Prompt tokens read from the provider's cache; nil when unknown.
  public var cachedTokens: Int?
  /// Reasoning tokens; nil when unknown.
  public var reasoningTokens: Int?
  /// Where the token counts come from.
  public var usageState = UsageState.unknown

  /// What the request cost in US dollars; nil when unknown, never a made-up zero.
  public var costUSD: Double?
  /// Where the cost comes from.
  public var costSource = CostSource.none
  /// What the request costs at the catalog's prices, in US dollars, whoever said `costUSD`; nil when unknown.
  public var catalogCostUSD: Double?
  /// What the baseline model would have cost, in US dollars; nil when unknown.
  public var baselineUSD: Double?
  /// What a cache hit spared, in US dollars; nil without one.
  public var savedUSD: Double?

  /// From the request's head to the reply's end.
  public var durationMicroseconds: Int64 = 0
  /// From the request's head to the reply's first output; nil when none came.
  public var firstTokenMicroseconds: Int64?
  /// weir's own share of the duration; nil when not measured.
  public var ownMicroseconds: Int64?
  /// The upstream's share of the duration; nil when none was asked.
  public var upstreamMicroseconds: Int64?

  /// Why generation stopped, in the API's own word.
  public var finishReason: String?
  /// The reply's tool calls by how well they were made.
  public var toolCalls = ToolCallCounts()
  /// The reply's `id`, by which feedback may name the request.
  public var generationID: String?
  /// The id of the trace that the request belongs to, in 32 hexadecimal digits; nil without one.
  public var traceID: String?
  /// Bytes of the request's body.
  public var bytesIn: Int64 = 0
  /// Bytes of the reply's body.
  public var bytesOut: Int64 = 0

  /// A row of which only these are known; the rest is set field by field.
  public init(id: String, timeMilliseconds: Int64) {
    self.id = id
    self.timeMilliseconds = timeMilliseconds
  }
}

extension LedgerRow {
  /// How an exchange ended; the raw values are stored.
  public enum Ending: String, Sendable, CaseIterable {
    /// The client has the whole reply, an error reply included.
    case complete
    /// The reply broke off.
    case broken
    /// The client left first; by itself no error.
    case clientLeft = "client_left"
  }

  /// What the cache did, as in `x-weir-cache`; the raw values are stored.
  public enum CacheResult: String, Sendable, CaseIterable {
    /// Answered from the cache.
    case hit
    /// Looked up in vain.
    case miss
    /// Answered by another request's reply.
    case coalesced
    /// Not looked up.
    case bypass
  }

  /// Where token counts come from; the raw values are stored.
  public enum UsageState: String, Sendable, CaseIterable {
    /// From the upstream.
    case reported
    /// From weir's documented estimate.
    case estimated
    /// There are none.
    case unknown
  }

  /// Where the cost comes from; the raw values are stored.
  public enum CostSource: String, Sendable, CaseIterable {
    /// The upstream's own figure.
    case upstream
    /// Catalog prices times tokens.
    case catalog
    /// There is none.
    case none
  }

  /// Tool calls of one reply by the result of their check, as in the label `result` of `weir_tool_calls_total`.
  public struct ToolCallCounts: Sendable, Equatable {
    /// Offered, well-formed and fitting the schema.
    public var valid: Int
    /// Arguments that are not JSON.
    public var invalidJSON: Int
    /// Arguments that do not fit the tool's schema.
    public var schemaMismatch: Int
    /// A tool that the request did not offer.
    public var unknownTool: Int

    /// Counts of one reply.
    public init(valid: Int = 0, invalidJSON: Int = 0, schemaMismatch: Int = 0, unknownTool: Int = 0) {
      self.valid = valid
      self.invalidJSON = invalidJSON
      self.schemaMismatch = schemaMismatch
      self.unknownTool = unknownTool
    }
  }
}
