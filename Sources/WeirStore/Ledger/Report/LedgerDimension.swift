/// What a report can go by; the raw values are what `--by` takes.
public enum LedgerDimension: String, Sendable, CaseIterable {
  /// The model asked of the upstream.
  case model
  /// The variant of the rollout.
  case variant
  /// The rollout.
  case rollout
  /// The client's name.
  case client
  /// The end user.
  case user
  /// The UTC day.
  case day
  /// The upstream that served the last attempt.
  case upstream
  /// Who served the request behind the upstream.
  case provider
  /// The API that was called.
  case endpoint
  /// What the cache did.
  case cache

  /// The SQL that gives it; an integer for `day`, else a text.
  var expression: String { self == .day ? "time_ms / 86400000" : rawValue }
}

/// Which rows a report is about, and what it goes by.
public struct LedgerQuery: Sendable, Equatable {
  /// Wall time of the first request that counts, in milliseconds since 1970 UTC; nil counts from the first row.
  public var sinceMilliseconds: Int64?
  /// What to group by, in this order; none gives the total only.
  public var dimensions: [LedgerDimension]

  /// Names the rows and the groups.
  public init(sinceMilliseconds: Int64? = nil, by dimensions: [LedgerDimension] = []) {
    self.sinceMilliseconds = sinceMilliseconds
    self.dimensions = dimensions
  }
}
