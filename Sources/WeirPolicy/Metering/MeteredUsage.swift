public import WeirWire

/// What one request used, and who says so. Limits, prices, metrics and the ledger all go by it.
public struct MeteredUsage: Sendable, Equatable {
  /// Where the counts come from; the raw values are those of the label `state` and of the ledger.
  public enum State: String, Sendable, CaseIterable {
    /// The upstream said so.
    case reported
    /// It did not, and weir counted what it could (`MeterUsage`).
    case estimated
    /// Nobody knows.
    case unknown
  }

  /// Where the counts come from.
  public var state: State
  /// Prompt tokens, cached ones among them; nil where nobody knows.
  public var input: Int?
  /// Completion tokens, those of reasoning among them; nil where nobody knows.
  public var output: Int?
  /// Prompt tokens read from the provider's cache; nil where nobody knows.
  public var cached: Int?
  /// Completion tokens spent on reasoning; nil where nobody knows.
  public var reasoning: Int?

  /// Describes a usage.
  public init(_ state: State, input: Int? = nil, output: Int? = nil, cached: Int? = nil, reasoning: Int? = nil) {
    self.state = state
    self.input = input
    self.output = output
    self.cached = cached
    self.reasoning = reasoning
  }

  /// The counts where both are known, so that they have a price.
  public var counts: TokenUsage? {
    guard let input, let output else { return nil }
    return TokenUsage(input: input, output: output, cached: cached ?? 0, reasoning: reasoning ?? 0)
  }
}
