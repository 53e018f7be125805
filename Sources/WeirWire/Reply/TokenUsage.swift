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
  /// What the upstream did not tell, or in no form that is a count; it stands as the least that is known.
  public var untold: Untold

  /// One or both of the counts.
  public struct Untold: OptionSet, Sendable {
    /// A bit for each count.
    public let rawValue: UInt8

    /// The set of these bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `input`.
    public static let input = Untold(rawValue: 1)
    /// `output`.
    public static let output = Untold(rawValue: 2)
  }

  /// Nothing used, unless said otherwise.
  public init(input: Int = 0, output: Int = 0, cached: Int = 0, reasoning: Int = 0, untold: Untold = []) {
    self.input = input
    self.output = output
    self.cached = cached
    self.reasoning = reasoning
    self.untold = untold
  }
}

extension TokenUsage {
  /// OpenAI's `usage`: of chat and completions, of responses, and of embeddings, which have no output.
  ///
  /// Where one count is missing and the total is there, it is the difference.
  ///
  /// - Returns: nil when it holds no count that can be one.
  static func openAI(_ usage: JSONValue) -> TokenUsage? {
    var input = (usage["prompt_tokens"] ?? usage["input_tokens"])?.tokenCount
    var output = (usage["completion_tokens"] ?? usage["output_tokens"])?.tokenCount
    guard let told = input ?? output else { return nil }
    let rest = usage["total_tokens"]?.tokenCount.flatMap { $0 >= told ? $0 - told : nil }
    (input, output) = (input ?? rest, output ?? rest)
    let inputDetails = usage["prompt_tokens_details"] ?? usage["input_tokens_details"]
    let outputDetails = usage["completion_tokens_details"] ?? usage["output_tokens_details"]
    // Moonshot's own API gives the cached tokens beside the others.
    let cached = (inputDetails?["cached_tokens"] ?? usage["cached_tokens"])?.tokenCount ?? 0
    let reasoning = outputDetails?["reasoning_tokens"]?.tokenCount ?? 0
    return TokenUsage(
      input: input ?? 0, output: output ?? 0, cached: min(cached, input ?? 0),
      reasoning: min(reasoning, output ?? 0), untold: untold(input, output))
  }

  fileprivate static func untold(_ input: Int?, _ output: Int?) -> Untold {
    (input == nil ? Untold.input : []).union(output == nil ? .output : [])
  }
}

/// Anthropic's `usage`, which a stream gives in parts: input at its start, output as it goes. Counts are cumulative, and
/// cache reads and writes stand beside `input_tokens`, not in it. The count of output that a stream begins with stands for
/// nothing.
struct AnthropicUsage {
  private var input: Int?
  private var cacheRead: Int?
  private var cacheWritten: Int?
  private var output: Int?
  private var outputAtStart: Int?

  mutating func merge(_ usage: JSONValue, isStart: Bool) {
    input = usage["input_tokens"]?.tokenCount ?? input
    cacheRead = usage["cache_read_input_tokens"]?.tokenCount ?? cacheRead
    cacheWritten = usage["cache_creation_input_tokens"]?.tokenCount ?? cacheWritten
    let told = usage["output_tokens"]?.tokenCount
    if isStart { outputAtStart = told } else { output = told ?? output }
  }

  /// Nil until a count was seen.
  var total: TokenUsage? {
    guard input != nil || output ?? outputAtStart != nil else { return nil }
    let cached = cacheRead ?? 0
    return TokenUsage(
      input: (input ?? 0) + cached + (cacheWritten ?? 0), output: output ?? outputAtStart ?? 0, cached: cached,
      untold: TokenUsage.untold(input, output))
  }
}
