/// Tells the errors by which upstreams say that a request is too long for the model. Each says it in its own words, and
/// few with a code.
public enum ContextLength {
  /// OpenAI and Groq; llama.cpp; LiteLLM and gateways like it.
  private static let codes: Set<String> = [
    "context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "contextwindowexceedederror",
  ]

  /// In lower case. OpenAI, OpenRouter, vLLM, Mistral and Together: "maximum context length"; OpenAI's Responses API:
  /// "exceeds the context window"; Anthropic: "prompt is too long", "exceed context limit"; llama.cpp: "available
  /// context size"; Moonshot: "exceeded model token limit"; Google: "input token count … exceeds the maximum".
  private static let phrases = [
    "context length", "context window", "context limit", "context size", "prompt is too long", "model token limit",
    "input token count",
  ]

  /// Whether an error with this code and message means that. The message is only looked at.
  public static func isMeant(code: String?, message: String) -> Bool {
    if let code, codes.contains(code.lowercased()) { return true }
    guard !message.isEmpty else { return false }
    let text = message.lowercased()
    return phrases.contains { text.contains($0) }
  }
}
