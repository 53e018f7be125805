/// What a request asks for, the same for all four generation endpoints.
struct Prompt: Sendable {
  enum Format: Sendable, Equatable {
    case text
    case object
    /// The JSON Schema.
    case schema(JSON)
  }

  enum ToolChoice: Sendable, Equatable {
    case automatic
    case none
    case required
    case named(String)
  }

  struct Tool: Sendable, Equatable {
    var name: String
    /// The JSON Schema of the arguments.
    var schema: JSON
  }

  var model: String
  /// The last text of the user; for `/completions` one of several.
  var texts: [String] = [""]
  /// Bytes of all message text.
  var textBytes = 0
  /// The conversation ends with a tool's result, so that the model has nothing left to call.
  var endsWithToolResult = false
  /// Tool calls earlier in the conversation; Kimi's call ids count on from them.
  var earlierCalls = 0
  var tools: [Tool] = []
  var toolChoice = ToolChoice.automatic
  var allowsParallelCalls = true
  var mostTokens: Int?
  var choices = 1
  var wantsReasoning = false
  var hidesReasoning = false
  var format = Format.text
  var wantsLogprobs = false
  var topLogprobs = 0
  var isStream = false
  /// `stream_options.include_usage`.
  var wantsStreamUsage = false
  /// Members of the request that the reply repeats (Responses API only).
  var echoed: [JSON.Member] = []
}

/// Sizes of a reply that the request sets by header or fault instead of by its text.
struct ReplySize: Sendable {
  /// `x-sim-tokens`: so many words `w0 w1 …`.
  var tokens: Int?
  /// Fault `huge`: so many bytes.
  var bytes: Int?

  private static let mostTokens = 1_000_000
  private static let mostBytes = 256 * 1024 * 1024

  /// The size of one of `count` choices, so that all of them together stay within bounds.
  func shared(by count: Int) -> ReplySize {
    ReplySize(
      tokens: tokens.map { min(max($0, 0), ReplySize.mostTokens / max(1, count)) },
      bytes: bytes.map { min($0, ReplySize.mostBytes / max(1, count)) })
  }
}
