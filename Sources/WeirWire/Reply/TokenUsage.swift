/// What one request used, in tokens, as the upstream counts them.
public struct TokenUsage: Sendable, Equatable {
  /// All prompt tokens, those read from or written to the provider's cache included.
  public var input: Int
  /// All completion tokens, those of reasoning included.
  public var output: Int
  /// Prompt tokens read from the provider's cache; part of `input`.
  public var cached: Int
  /// Completion tokens spent on reasoning; part of `output`.
  public var reasoning: Int

  /// Nothing used, unless said otherwise.
  public init(input: Int = 0, output: Int = 0, cached: Int = 0, reasoning: Int = 0) {
    self.input = input
    self.output = output
    self.cached = cached
    self.reasoning = reasoning
  }
}

extension TokenUsage {
  /// OpenAI's `usage`: of chat and completions, of responses, and of embeddings, which have no output.
  ///
  /// - Returns: nil when it holds no count that can be one.
  static func openAI(_ usage: JSONValue) -> TokenUsage? {
    let input = (usage["prompt_tokens"] ?? usage["input_tokens"])?.tokenCount
    let output = (usage["completion_tokens"] ?? usage["output_tokens"])?.tokenCount
    guard input != nil || output != nil else { return nil }
    let inputDetails = usage["prompt_tokens_details"] ?? usage["input_tokens_details"]
    let outputDetails = usage["completion_tokens_details"] ?? usage["output_tokens_details"]
    // Moonshot's own API gives the cached tokens beside the others.
    let cached = (inputDetails?["cached_tokens"] ?? usage["cached_tokens"])?.tokenCount ?? 0
    let reasoning = outputDetails?["reasoning_tokens"]?.tokenCount ?? 0
    return TokenUsage(
      input: input ?? 0, output: output ?? 0, cached: min(cached, input ?? 0),
      reasoning: min(reasoning, output ?? 0))
  }
}

/// Anthropic's `usage`, which a stream gives in parts: input at its start, output as it goes. Counts are cumulative, and
/// cache reads and writes stand beside `input_tokens`, not in it.
struct AnthropicUsage {
  private var input: Int?
  private var cacheRead: Int?
  private var cacheWritten: Int?
  private var output: Int?

  mutating func merge(_ usage: JSONValue) {
    input = usage["input_tokens"]?.tokenCount ?? input
    cacheRead = usage["cache_read_input_tokens"]?.tokenCount ?? cacheRead
    cacheWritten = usage["cache_creation_input_tokens"]?.tokenCount ?? cacheWritten
    output = usage["output_tokens"]?.tokenCount ?? output
  }

  /// Nil until a count was seen.
  var total: TokenUsage? {
    guard input != nil || output != nil else { return nil }
    let cached = cacheRead ?? 0
    return TokenUsage(
      input: (input ?? 0) + cached + (cacheWritten ?? 0), output: output ?? 0, cached: cached, reasoning: 0)
  }
}
