/// The models the simulator knows.
enum Catalog {
  static let models: [ModelEntry] = [
    chat("moonshotai/kimi-k2", "MoonshotAI: Kimi K2", 1_752_263_252, 131_072, "0.00000057", "0.0000023"),
    chat(
      "moonshotai/kimi-k2-0905", "MoonshotAI: Kimi K2 0905",
      1_757_021_147, 262_144, "0.0000006", "0.0000025"),
    chat(
      "moonshotai/kimi-k2-thinking", "MoonshotAI: Kimi K2 Thinking",
      1_762_440_622, 262_144, "0.0000006", "0.0000025"),
    chat(
      "moonshotai/kimi-k2.5", "MoonshotAI: Kimi K2.5",
      1_769_487_076, 262_144, "0.0000006", "0.000003", images: true),
    chat(
      "moonshotai/kimi-k2.6", "MoonshotAI: Kimi K2.6",
      1_776_000_000, 262_144, "0.0000006", "0.000003", images: true),
    chat("openai/gpt-4", "OpenAI: GPT-4", 1_685_232_000, 8_191, "0.00003", "0.00006"),
    chat(
      "openai/gpt-4-turbo", "OpenAI: GPT-4 Turbo",
      1_712_620_800, 128_000, "0.00001", "0.00003", images: true),
    chat(
      "openai/gpt-4-turbo-preview", "OpenAI: GPT-4 Turbo Preview",
      1_706_140_800, 128_000, "0.00001", "0.00003"),
    chat("openai/gpt-3.5-turbo", "OpenAI: GPT-3.5 Turbo", 1_685_232_000, 16_385, "0.0000005", "0.0000015"),
    chat("openai/gpt-4o", "OpenAI: GPT-4o", 1_715_558_400, 128_000, "0.0000025", "0.00001", images: true),
    chat(
      "openai/gpt-4o-mini", "OpenAI: GPT-4o-mini",
      1_721_260_800, 128_000, "0.00000015", "0.0000006", images: true),
    chat(
      "anthropic/claude-sonnet-4.5", "Anthropic: Claude Sonnet 4.5",
      1_759_161_676, 1_000_000, "0.000003", "0.000015", images: true),
    chat("openrouter/auto", "Auto Router", 1_699_401_600, 2_000_000, "0.000001", "0.000002"),
    ModelEntry(
      id: "openai/text-embedding-3-small", name: "OpenAI: Text Embedding 3 Small", created: 1_706_140_800,
      contextLength: 8192, mostCompletionTokens: 0, promptPrice: "0.00000002", completionPrice: "0",
      isEmbedding: true),
  ]

  private static func chat(
    _ id: String, _ name: String, _ created: Int, _ context: Int, _ prompt: String, _ completion: String,
    images: Bool = false
  ) -> ModelEntry {
    ModelEntry(
      id: id, name: name, created: created, contextLength: context, mostCompletionTokens: context / 4,
      promptPrice: prompt, completionPrice: completion, supportsImages: images)
  }

  private static let byID = Dictionary(models.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

  /// The entry listed under exactly this id.
  static func listed(_ id: String) -> ModelEntry? { byID[id] }

  /// What a request for `id` is served and billed as; nil when OpenRouter would not know the name.
  /// A suffix such as `:nitro` is ignored, `:free` costs nothing; a name with a slash that is not listed is
  /// served at the price of `openrouter/auto`. Moonshot's own names (`kimi-k2.6`) are known too, so that a simulator can
  /// stand for api.moonshot.ai.
  static func entry(for id: String) -> ModelEntry? {
    let base = id.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
    let other = base.contains("/") ? "openrouter/auto" : "moonshotai/\(base)"
    guard var entry = byID[id] ?? byID[base] ?? byID[other] else { return nil }
    if id.hasSuffix(":free") { (entry.promptPrice, entry.completionPrice) = ("0", "0") }
    return entry
  }
}
