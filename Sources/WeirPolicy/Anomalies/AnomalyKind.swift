/// What a client's traffic is watched for; the raw values are the label `kind`.
public enum AnomalyKind: String, Sendable, CaseIterable {
  /// Requests a minute.
  case requestRate = "request_rate"
  /// Prompt and completion tokens of a request, as the mean of ten or more.
  case tokensPerRequest = "tokens_per_request"
  /// US dollars a minute.
  case costRate = "cost_rate"
  /// The share of requests that ended in an error, of twenty or more.
  case errorRate = "error_rate"

  /// Added to a value before its logarithm is taken, so that nothing is a number too, and that small values do not
  /// look wildly different from each other. In the unit that the kind is measured in; errors are measured in odds.
  var offset: Double {
    switch self {
    case .requestRate: 1
    case .tokensPerRequest: 20
    case .costRate: 0.002
    case .errorRate: 0.02
    }
  }
}

/// A client's traffic departs from what it used to be.
public struct Anomaly: Sendable, Equatable {
  /// What departs.
  public let kind: AnomalyKind
  /// Whose traffic it is.
  public let client: String
  /// What it is now: requests a minute, tokens, US dollars a minute, or a share of errors.
  public let value: Double
  /// What it used to be, in the same unit.
  public let expected: Double
  /// How many spreads of the usual values lie between the two, in logarithms.
  public let score: Double

  /// How many times of the expected it is; nil where nothing was expected.
  public var factor: Double? { expected > 0 ? value / expected : nil }
}
