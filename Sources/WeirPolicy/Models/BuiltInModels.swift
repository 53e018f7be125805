/// The models that weir knows without a file.
///
/// Prices are the makers' list prices as of November 2026 (Moonshot: platform.kimi.ai/docs/pricing; OpenAI:
/// developers.openai.com/api/docs/pricing; Anthropic: platform.claude.com/docs; cross-read with the price table
/// of LiteLLM 1.109.1); models that their makers retired keep their last price, `moonshotai/kimi-k2` the one
/// that OpenRouter lists. They are a start: the upstream's own `usage.cost` and `/models` say what is true.
public enum BuiltInModels {
  /// Every built-in model, Kimi first.
  public static let all = kimi + openAI + anthropic

  private static let kimiStrengths: Set<ModelCapability> = [
    .reasoning, .coding, .analysis, .toolUse, .agentic, .longContext,
  ]

  /// Moonshot's Kimi models as OpenRouter lists them.
  ///
  /// From K2.5 on, and for the thinking models, Moonshot takes the temperature 1 and refuses others ("invalid
  /// temperature: only 1 is allowed for this model"), so `KIMI_K2_TEMPERATURE` is filled in for K2 instruct only.
  static let kimi: [CatalogModel] = [
    moonshot(
      "kimi-k2", "Kimi K2", context: 131_072, input: 0.57, output: 2.30,
      "Cost-effective model with excellent tool calling", costInfo: "5x cheaper than GPT-4"),
    moonshot(
      "kimi-k2-0905", "Kimi K2 0905", context: 262_144, input: 0.60, output: 2.50,
      "Kimi K2 with twice the context and better agentic coding"),
    moonshot(
      "kimi-k2-thinking", "Kimi K2 Thinking", context: 262_144, input: 0.60, output: 2.50, cached: 0.15,
      "Reasons step by step and calls tools in between", thinks: true),
    moonshot(
      "kimi-k2.5", "Kimi K2.5", context: 262_144, input: 0.60, output: 3.00, cached: 0.10,
      "Multimodal, with and without thinking", thinks: true),
    moonshot(
      "kimi-k2.6", "Kimi K2.6", context: 262_144, input: 0.95, output: 4.00, cached: 0.16,
      "General-purpose model of the K2 family", badge: "NEW", thinks: true),
    moonshot(
      "kimi-k2.7-code", "Kimi K2.7 Code", context: 262_144, input: 0.95, output: 4.00, cached: 0.19,
      "Coding model of the K2 family, always thinking", badge: "NEW", thinks: true),
  ]

  /// OpenAI's models that the seeds name.
  static let openAI: [CatalogModel] = [
    model(
      "openai", "gpt-4", "GPT-4", context: 8_192, ModelPrices(input: 30, output: 60),
      "OpenAI's first GPT-4"),
    model(
      "openai", "gpt-4-turbo", "GPT-4 Turbo", context: 128_000, ModelPrices(input: 10, output: 30),
      "GPT-4 with a long context and vision", [.toolUse, .longContext]),
    model(
      "openai", "gpt-4-turbo-preview", "GPT-4 Turbo Preview", context: 128_000,
      ModelPrices(input: 10, output: 30), "The preview of GPT-4 Turbo", [.toolUse, .longContext]),
    model(
      "openai", "gpt-3.5-turbo", "GPT-3.5 Turbo", context: 16_385, ModelPrices(input: 0.50, output: 1.50),
      "OpenAI's older small model"),
    model(
      "openai", "gpt-4o", "GPT-4o", context: 128_000, ModelPrices(input: 2.50, output: 10, cached: 1.25),
      "OpenAI's multimodal model", [.toolUse, .longContext]),
    model(
      "openai", "gpt-4o-mini", "GPT-4o Mini", context: 128_000,
      ModelPrices(input: 0.15, output: 0.60, cached: 0.075), "The small GPT-4o", [.toolUse, .longContext]),
    model(
      "openai", "o3", "o3", context: 200_000, ModelPrices(input: 2, output: 8, cached: 0.50),
      "Reasoning model", [.toolUse, .longContext], thinks: true),
    model(
      "openai", "o4-mini", "o4 Mini", context: 200_000, ModelPrices(input: 1.10, output: 4.40, cached: 0.275),
      "Advanced reasoning model", [.toolUse, .longContext], thinks: true),
  ]

  /// Anthropic's models that the seeds name.
  static let anthropic: [CatalogModel] = [
    model(
      "anthropic", "claude-3-opus", "Claude 3 Opus", context: 200_000,
      ModelPrices(input: 15, output: 75, cached: 1.50), "The large model of Claude 3",
      [.toolUse, .longContext]),
    model(
      "anthropic", "claude-3-sonnet", "Claude 3 Sonnet", context: 200_000, ModelPrices(input: 3, output: 15),
      "The middle model of Claude 3", [.toolUse, .longContext]),
    model(
      "anthropic", "claude-sonnet-4", "Claude Sonnet 4", context: 200_000,
      ModelPrices(input: 3, output: 15, cached: 0.30), "The middle model of Claude 4",
      [.toolUse, .agentic, .longContext]),
  ]

  private static func moonshot(
    _ slug: String, _ name: String, context: Int, input: Double, output: Double, cached: Double? = nil,
    _ description: String, badge: String? = nil, costInfo: String? = nil, thinks: Bool = false
  ) -> CatalogModel {
    CatalogModel(
      id: "moonshotai/\(slug)", spellings: slug == "kimi-k2" ? [] : [slug], name: name, provider: "moonshot",
      category: thinks ? "reasoning" : "standard", description: description, badge: badge, costInfo: costInfo,
      contextWindow: context, prices: ModelPrices(input: input, output: output, cached: cached),
      capabilities: kimiStrengths, hasFixedTemperature: thinks, isKimi: true)
  }

  private static func model(
    _ provider: String, _ slug: String, _ name: String, context: Int, _ prices: ModelPrices,
    _ description: String, _ more: Set<ModelCapability> = [], thinks: Bool = false
  ) -> CatalogModel {
    CatalogModel(
      id: "\(provider)/\(slug)", spellings: [slug], name: name, provider: provider,
      category: thinks ? "reasoning" : "standard", description: description, contextWindow: context,
      prices: prices, capabilities: more.union([.reasoning, .coding, .analysis]), hasFixedTemperature: thinks)
  }
}
