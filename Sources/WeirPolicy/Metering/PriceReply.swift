import WeirWire

/// Prices what a request used: by the upstream's own figure, else by the catalog; and what the baseline model would have
/// cost for the same tokens.
enum PriceReply {
  /// What a kept reply cost when it was made, at today's prices.
  static func price(_ exchange: Exchange, _ kept: StoredReply, policy: PolicySnapshot) -> Cost? {
    price(exchange, kept.description.reading.usage, said: kept.description.reading.cost, policy)
  }

  /// - Parameter metered: what the request used.
  static func price(_ exchange: Exchange, metered: MeteredUsage?, policy: PolicySnapshot) -> Cost? {
    guard metered?.state == .estimated else {
      return price(exchange, exchange.reading?.usage, said: exchange.reading?.cost, policy)
    }
    // Of a stream that has only begun, the upstream's figure is none yet.
    let said = exchange.reading.flatMap { exchange.isProvisional($0) ? nil : $0.cost }
    return price(exchange, metered?.counts, said: said, policy)
  }

  private static func price(
    _ exchange: Exchange, _ usage: TokenUsage?, said: Double?, _ policy: PolicySnapshot
  ) -> Cost? {
    if usage == nil, said == nil { return nil }
    let catalog = usage.flatMap { usage in policy.prices.prices(of: exchange).map { cost(of: usage, at: $0) } }
    return Cost(
      usd: said ?? catalog, source: said != nil ? .upstream : catalog != nil ? .catalog : .none,
      baselineUSD: usage.map { cost(of: $0, at: policy.baseline) }, catalogUSD: catalog)
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
  /// By the catalog's prices, in US dollars, whoever said `usd`; nil where they or the usage are not known.
  public internal(set) var catalogUSD: Double?
}
