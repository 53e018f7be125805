/// Tokens and cost of one reply.
struct Usage: Sendable, Equatable {
  var promptTokens: Int
  var completionTokens: Int
  var reasoningTokens: Int
  /// USD.
  var cost: Double

  init(of completion: Completion, on entry: ModelEntry) {
    promptTokens = completion.promptTokens
    completionTokens = completion.completionTokens
    reasoningTokens = completion.reasoningTokens
    cost = entry.cost(promptTokens: completion.promptTokens, completionTokens: completion.completionTokens)
  }

  init(promptTokens: Int, on entry: ModelEntry) {
    self.promptTokens = promptTokens
    completionTokens = 0
    reasoningTokens = 0
    cost = entry.cost(promptTokens: promptTokens, completionTokens: 0)
  }

  /// Chat and legacy completions.
  var chat: JSON {
    [
      "prompt_tokens": JSON(promptTokens), "completion_tokens": JSON(completionTokens),
      "total_tokens": JSON(promptTokens + completionTokens), "cost": JSON(cost), "is_byok": false,
      "prompt_tokens_details": ["cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0],
      "cost_details": ["upstream_inference_cost": nil],
      "completion_tokens_details": ["reasoning_tokens": JSON(reasoningTokens)],
    ]
  }

  var embeddings: JSON {
    ["prompt_tokens": JSON(promptTokens), "total_tokens": JSON(promptTokens), "cost": JSON(cost)]
  }

  var responses: JSON {
    [
      "input_tokens": JSON(promptTokens),
      "input_tokens_details": ["cached_tokens": 0, "cache_write_tokens": 0],
      "output_tokens": JSON(completionTokens),
      "output_tokens_details": ["reasoning_tokens": JSON(reasoningTokens)],
      "total_tokens": JSON(promptTokens + completionTokens), "cost": JSON(cost), "is_byok": false,
      "cost_details": ["upstream_inference_cost": nil],
    ]
  }

  /// Anthropic's message; `cost` is OpenRouter's addition.
  var messages: JSON {
    [
      "input_tokens": JSON(promptTokens), "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
      "output_tokens": JSON(completionTokens), "cost": JSON(cost),
    ]
  }
}
