/// What the ledger says of a stretch of time.
public struct LedgerReport: Sendable, Equatable {
  /// The rows and groups that were asked for.
  public let query: LedgerQuery
  /// Days first to last where they are the first dimension, else those of the most requests first.
  public let groups: [LedgerGroup]
  /// Over all rows.
  public let total: LedgerTotals
}

/// The rows that have the same values.
public struct LedgerGroup: Sendable, Equatable {
  /// A value for each dimension of the query, days as `2026-11-21`; nil where rows have none.
  public let values: [String?]
  /// Over these rows.
  public let totals: LedgerTotals
}

/// Sums, counts and percentiles over some rows. Sums stop at the largest number instead of overflowing.
public struct LedgerTotals: Sendable, Equatable {
  /// Rows.
  public internal(set) var requests: Int64 = 0
  /// Rows with a status of 400 and above, or with an error of weir's own such as a reply that broke off. A client that
  /// left is none.
  public internal(set) var errors: Int64 = 0
  /// Prompt tokens, where known.
  public internal(set) var inputTokens: Int64 = 0
  /// Completion tokens, where known.
  public internal(set) var outputTokens: Int64 = 0
  /// Prompt tokens read from the provider's cache, where known.
  public internal(set) var cachedTokens: Int64 = 0
  /// Reasoning tokens, where known.
  public internal(set) var reasoningTokens: Int64 = 0
  /// US dollars, where known.
  public var costUSD: Double { cost.amount }
  /// Rows whose cost is unknown.
  public internal(set) var unpricedRequests: Int64 = 0
  /// What the baseline model would have cost, in US dollars, over the rows that know both this and their cost.
  public var baselineUSD: Double { baseline.amount }
  /// The baseline less the cost, in US dollars, over the rows that know both; negative when the baseline was cheaper.
  public var savingsUSD: Double { savings.amount }
  /// Rows that the cache answered.
  public internal(set) var cacheHits: Int64 = 0
  /// Rows that another request's reply answered.
  public internal(set) var coalesced: Int64 = 0
  /// What these spared, in US dollars.
  public var cacheSavedUSD: Double { cacheSaved.amount }
  /// Tool calls that were checked.
  public internal(set) var toolCalls: Int64 = 0
  /// Those that were offered, well-formed and fitting their schema.
  public internal(set) var validToolCalls: Int64 = 0
  /// Votes of `up`.
  public internal(set) var thumbsUp: Int64 = 0
  /// Votes of `down`.
  public internal(set) var thumbsDown: Int64 = 0
  /// From the request's head to the reply's end; nil without rows.
  public internal(set) var duration: LedgerPercentiles?
  /// From the request's head to the first output; nil when no row has one.
  public internal(set) var firstToken: LedgerPercentiles?

  var cost = DollarSum()
  var baseline = DollarSum()
  var savings = DollarSum()
  var cacheSaved = DollarSum()

  /// Nothing yet.
  init() {}

  /// Errors in rows, 0 to 1; nil without rows.
  public var errorShare: Double? { Self.share(errors, requests) }
  /// Savings in the baseline, up to 1; nil where no row knows both.
  public var savingsShare: Double? { baselineUSD > 0 ? savingsUSD / baselineUSD : nil }
  /// Valid tool calls in those checked, 0 to 1; nil without any.
  public var toolCallSuccess: Double? { Self.share(validToolCalls, toolCalls) }
  /// Votes of `up` in all votes, 0 to 1; nil without any.
  public var satisfaction: Double? { Self.share(thumbsUp, thumbsUp + thumbsDown) }
  /// Rows that the cache or another request's reply answered, 0 to 1; nil without rows.
  public var cacheHitShare: Double? { Self.share(cacheHits + coalesced, requests) }

  private static func share(_ part: Int64, _ whole: Int64) -> Double? {
    whole > 0 ? Double(part) / Double(whole) : nil
  }
}

/// Exact percentiles by nearest rank, in microseconds; above 71 minutes all are 71 minutes.
public struct LedgerPercentiles: Sendable, Equatable {
  /// The median.
  public let p50: Int64
  /// 95 of 100 are no longer.
  public let p95: Int64
  /// 99 of 100 are no longer.
  public let p99: Int64
}
