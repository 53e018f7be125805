import WeirWire

/// Prices what a request used: by the upstream's own figure, else by the catalog; and what the baseline model would have
/// cost for the same tokens.
enum PriceReply {
  /// - Parameter reading: of the reply; nil where there is none.
  static func price(_ exchange: Exchange, _ reading: ReplyReading?, policy: PolicySnapshot) -> Cost? {
    guard let reading else { return nil }
    let baseline = reading.usage.map { cost(of: $0, at: policy.baseline) }
    if let usd = reading.cost { return Cost(usd: usd, source: .upstream, baselineUSD: baseline) }
    guard let usage = reading.usage else { return nil }
    guard let prices = exchange.model.flatMap({ policy.models.prices(of: $0) }) else {
      return Cost(usd: nil, source: .none, baselineUSD: baseline)
    }
    return Cost(usd: cost(of: usage, at: prices), source: .catalog, baselineUSD: baseline)
  }

  private static func cost(of usage: TokenUsage, at prices: ModelPrices) -> Double {
    prices.cost(
      inputTokens: usage.input, outputTokens: usage.output, cachedTokens: usage.cached,
      reasoningTokens: usage.reasoning)
  }
}

/// What one request cost.
public struct Cost: Sendable, Equatable {
  /// Who said so.
  public enum Source: String, Sendable {
    /// The upstream's `usage.cost`.
    case upstream
    /// The catalog's prices.
    case catalog
    /// Nobody: the catalog has no price for the model.
    case none
  }

  /// US dollars; nil where nobody knows.
  public let usd: Double?
  /// Who said so.
  public let source: Source
  /// What the baseline model would have cost, in US dollars; nil without a usage.
  public let baselineUSD: Double?
}
