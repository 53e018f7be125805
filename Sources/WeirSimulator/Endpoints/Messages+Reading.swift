extension Prompt {
  /// Reads a request of Anthropic's Messages API.
  init(messages request: JSON) throws(Failure) {
    self.init(model: try Prompt.model(of: request))
    guard let messages = request["messages"]?.array, !messages.isEmpty else {
      throw .badRequest("messages: at least one message is required")
    }
    textBytes = bytes(ofContent: request["system"])
    for message in messages { readMessage(message) }
    mostTokens = request["max_tokens"]?.int
    readReasoning(request)
    switch request["thinking"]?["type"]?.string {
    case "enabled", "adaptive": wantsReasoning = true
    case "disabled": wantsReasoning = false
    default: break
    }
    for tool in request["tools"]?.array ?? [] {
      if let name = tool["name"]?.string {
        tools.append(Tool(name: name, schema: tool["input_schema"] ?? [:]))
      }
    }
    readChoice(request["tool_choice"])
    isStream = request["stream"]?.bool ?? false
    format = Prompt.format(request["output_config"]?["format"] ?? request["output_format"])
  }

  private mutating func readMessage(_ message: JSON) {
    let blocks = message["content"]?.array ?? []
    let results = blocks.filter { $0["type"]?.string == "tool_result" }
    let text = text(ofContent: message["content"])
    textBytes += bytes(ofContent: message["content"])
    textBytes += results.reduce(0) { $0 + bytes(ofContent: $1["content"]) }
    earlierCalls += blocks.count { $0["type"]?.string == "tool_use" }
    if message["role"]?.string == "user", !text.isEmpty || results.isEmpty { texts = [text] }
    endsWithToolResult = !results.isEmpty
  }

  private mutating func readChoice(_ choice: JSON?) {
    allowsParallelCalls = choice?["disable_parallel_tool_use"]?.bool != true
    switch choice?["type"]?.string {
    case "none": toolChoice = .none
    case "any": toolChoice = .required
    case "tool": if let name = choice?["name"]?.string { toolChoice = .named(name) }
    default: break
    }
  }
}
