/// OpenAI's Responses API (API reference, "Responses" and "Streaming events").
extension ReplyInterpreter {
  mutating func readResponsesEvent(_ root: JSONValue) {
    guard let type = root["type"] else {
      // An error that a gateway put into the stream in chat's shape.
      if let error = root["error"] { readError(error) }
      return
    }
    if type.endsWith(".delta") {
      if let delta = root["delta"], delta.isText || delta.isObject {
        countContent()
        noteResponsesDelta(type)
      }
      collectResponsesEvent(root, type: type)
    } else if type.isString("response.output_item.added") {
      if let item = root["item"], Self.isToolCall(item) { reading.toolCalls += 1 }
      collectResponsesEvent(root, type: type)
    } else if type.isString("error") {
      readError(root["error"] ?? root)
    } else if let response = root["response"] {
      readResponseObject(response)
      if type.isString("response.completed") || type.isString("response.incomplete")
        || type.isString("response.failed")
      {
        reading.sawEndMarker = true
        readOutcome(response)
      }
    } else {
      collectResponsesEvent(root, type: type)
    }
  }

  mutating func readResponse(_ root: JSONValue) {
    readResponseObject(root)
    readOutcome(root)
    if let output = root["output"], output.elements.contains(where: { $0.isObject }) { countContent() }
  }

  private mutating func readResponseObject(_ response: JSONValue) {
    readIdentity(response)
    if let error = response["error"] { readError(error) }
    guard let usage = response["usage"], usage.isObject else { return }
    reading.usage = TokenUsage.openAI(usage) ?? reading.usage
    readCost(usage)
  }

  /// Takes what only a response that is over says.
  private mutating func readOutcome(_ response: JSONValue) {
    reading.finishReason =
      response["incomplete_details"]?["reason"]?.string() ?? response["status"]?.string()
      ?? reading.finishReason
    guard let output = response["output"] else { return }
    let calls = output.elements.reduce(0) { $0 + (Self.isToolCall($1) ? 1 : 0) }
    reading.toolCalls = max(reading.toolCalls, calls)
    collectOutput(output)
    for item in output.elements { noteResponsesMessage(item) }
  }

  private mutating func noteResponsesDelta(_ type: JSONValue) {
    if type.isString("response.output_text.delta") { hasAnswer = true }
    if type.isString("response.refusal.delta") { reading.sawRefusal = true }
  }

  private mutating func noteResponsesMessage(_ item: JSONValue) {
    if item["type"]?.isString("image_generation_call") == true, item["result"]?.isText == true { hasAnswer = true }
    guard let content = item["content"], item["type"]?.isString("message") == true else { return }
    for part in content.elements {
      if part["text"]?.isText == true { hasAnswer = true }
      if part["refusal"]?.isText == true { reading.sawRefusal = true }
    }
  }

  /// Calls that the client must answer; the upstream's own tools are none of these.
  private static func isToolCall(_ item: JSONValue) -> Bool {
    guard let type = item["type"] else { return false }
    return type.isString("function_call") || type.isString("custom_tool_call")
  }
}
