/// Chat and text completions, plain and streamed, and embeddings (OpenAI's API reference; OpenRouter's extensions).
extension ReplyInterpreter {
  mutating func readChat(_ root: JSONValue) {
    readIdentity(root)
    if let error = root["error"] {
      readError(error)
    } else if let object = root["object"], object.isString("error") {
      // vLLM's way: the error is the document itself.
      readError(root)
    }
    if let usage = root["usage"] { readChatUsage(usage) }
    var hasContent = false
    if let choices = root["choices"] {
      for (position, choice) in choices.elements.enumerated() {
        hasContent = readChoice(choice, position: position) || hasContent
      }
    }
    if endpoint == .embeddings, let data = root["data"] {
      hasContent = data.elements.contains { $0.isObject }
    }
    if hasContent { countContent() }
  }

  private mutating func readChatUsage(_ usage: JSONValue) {
    guard usage.isObject else { return }
    reading.usage = TokenUsage.openAI(usage) ?? reading.usage
    // Embeddings have no output to tell of.
    if endpoint == .embeddings { reading.usage?.untold.remove(.output) }
    readCost(usage)
  }

  /// True when the choice carries output.
  private mutating func readChoice(_ choice: JSONValue, position: Int) -> Bool {
    if let reason = choice["finish_reason"]?.string() { reading.finishReason = reason }
    if let error = choice["error"] { readError(error) }
    // Moonshot's own API reports a stream's usage within the last choice.
    if let usage = choice["usage"] { readChatUsage(usage) }
    if let text = choice["text"], text.isText {
      hasAnswer = true
      return true
    }
    guard let message = choice["delta"] ?? choice["message"] else { return false }
    var hasContent = hasText(message)
    let index = choice["index"]?.tokenCount ?? position
    collectLegacyCall(message, choice: index)
    guard let calls = message["tool_calls"] else { return hasContent }
    for (position, call) in calls.elements.enumerated() {
      let callIndex = call["index"]?.tokenCount ?? position
      countToolCall(choice: index, index: callIndex)
      collectChatCall(call, choice: index, index: callIndex)
      hasContent = true
    }
    return hasContent
  }

  private mutating func hasText(_ message: JSONValue) -> Bool {
    if let content = message["content"], content.isText || content.elements.contains(where: { $0.isObject }) {
      hasAnswer = true
      return true
    }
    if Self.hasMedia(message) {
      hasAnswer = true
      return true
    }
    if message["reasoning"]?.isText == true || message["reasoning_content"]?.isText == true { return true }
    guard message["refusal"]?.isText == true else { return false }
    reading.sawRefusal = true
    return true
  }

  /// Pictures, as OpenRouter gives them, or sound, as OpenAI does; both come beside an empty `content`, or none.
  private static func hasMedia(_ message: JSONValue) -> Bool {
    message["images"]?.elements.isEmpty == false || message["audio"]?.isObject == true
  }

  private mutating func countToolCall(choice: Int, index: Int) {
    guard toolCallsSeen.count < Self.maximumToolCalls else { return }
    // Both are at most a billion.
    if toolCallsSeen.insert(choice << 30 | index).inserted { reading.toolCalls += 1 }
  }
}
