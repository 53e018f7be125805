/// What a model costs, in US dollars per million tokens.
public struct ModelPrices: Sendable, Equatable {
  /// Prompt tokens that were not read from a cache.
  public let input: Double
  /// Completion tokens.
  public let output: Double
  /// Prompt tokens read from the provider's cache; nil when they cost what other input costs.
  public let cached: Double?
  /// Reasoning tokens; nil when they cost what other output costs (the rule at OpenAI and Moonshot).
  public let reasoning: Double?

  /// Names prices per million tokens.
  public init(input: Double, output: Double, cached: Double? = nil, reasoning: Double? = nil) {
    self.input = input
    self.output = output
    self.cached = cached
    self.reasoning = reasoning
  }

  /// What `:free` variants cost.
  public static let free = ModelPrices(input: 0, output: 0)

  /// The price of one request in US dollars.
  ///
  /// `cachedTokens` are part of `inputTokens` and `reasoningTokens` part of `outputTokens`, as OpenAI's `usage`
  /// counts them; negative or impossible counts are read as the nearest possible one.
  public func cost(inputTokens: Int, outputTokens: Int, cachedTokens: Int = 0, reasoningTokens: Int = 0)
    -> Double
  {
    let (allInput, allOutput) = (max(inputTokens, 0), max(outputTokens, 0))
    let fromCache = min(max(cachedTokens, 0), allInput)
    let thought = min(max(reasoningTokens, 0), allOutput)
    let inputCost = Double(allInput - fromCache) * input + Double(fromCache) * (cached ?? input)
    let outputCost = Double(allOutput - thought) * output + Double(thought) * (reasoning ?? output)
    return (inputCost + outputCost) / 1_000_000
  }
}
