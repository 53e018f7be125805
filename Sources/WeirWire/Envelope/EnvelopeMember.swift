/// The top-level members of a request body that weir looks at; the order is that of the table in the C++ shim.
public enum EnvelopeMember: Int, Sendable, CaseIterable {
  case model, models, stream, streamOptions, user, safetyIdentifier, metadata, temperature, topP, maxTokens
  case maxCompletionTokens, maxOutputTokens, n, tools, toolChoice, messages, input, prompt, seed, usage
  /// OpenAI's first form of `tools`.
  case functions, background, conversation

  /// The member's key on the wire.
  public var name: String {
    switch self {
    case .model: "model"
    case .models: "models"
    case .stream: "stream"
    case .streamOptions: "stream_options"
    case .user: "user"
    case .safetyIdentifier: "safety_identifier"
    case .metadata: "metadata"
    case .temperature: "temperature"
    case .topP: "top_p"
    case .maxTokens: "max_tokens"
    case .maxCompletionTokens: "max_completion_tokens"
    case .maxOutputTokens: "max_output_tokens"
    case .n: "n"
    case .tools: "tools"
    case .toolChoice: "tool_choice"
    case .messages: "messages"
    case .input: "input"
    case .prompt: "prompt"
    case .seed: "seed"
    case .usage: "usage"
    case .functions: "functions"
    case .background: "background"
    case .conversation: "conversation"
    }
  }
}
