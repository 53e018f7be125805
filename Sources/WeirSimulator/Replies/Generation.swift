/// One generation: what was asked, what is said, and what it costs.
struct Generation: Sendable {
  var id: String
  /// Path below the base URL, such as `/chat/completions`.
  var endpoint: String
  /// Milliseconds since 1970.
  var createdMilliseconds: Int
  var provider: String
  var prompt: Prompt
  var completion: Completion
  var entry: ModelEntry
  var usage: Usage
  /// The fault `no-usage` leaves it out.
  var showsUsage: Bool
  /// A chat stream's usage comes alone, in an event without choices, as OpenAI's does; OpenRouter's has one.
  var hasBareUsage = false
  /// The fault `no-done` leaves out the stream's last event.
  var showsEnd: Bool
  /// The fault `error-choice`.
  var failsInChoice: Bool

  var created: Int { createdMilliseconds / 1000 }
  var model: String { prompt.model }
}

extension Completion.Finish {
  /// OpenAI's word.
  var openAI: JSON {
    switch self {
    case .stop: "stop"
    case .length: "length"
    case .toolCalls: "tool_calls"
    }
  }

  /// Anthropic's word.
  var anthropic: JSON {
    switch self {
    case .stop: "end_turn"
    case .length: "max_tokens"
    case .toolCalls: "tool_use"
    }
  }
}
