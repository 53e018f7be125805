extension Prompt {
  /// Reads a request of the Responses API.
  init(responses request: JSON) throws(Failure) {
    self.init(model: try Prompt.model(of: request))
    textBytes = request["instructions"]?.string?.utf8.count ?? 0
    switch request["input"] {
    case .string(let text):
      texts = [text]
      textBytes += text.utf8.count
    case .array(let items) where !items.isEmpty: readItems(items)
    default: throw .badRequest("Input required: specify \"input\"")
    }
    mostTokens = request["max_output_tokens"]?.int
    topLogprobs = min(max(request["top_logprobs"]?.int ?? 0, 0), 20)
    wantsLogprobs = request["include"]?.array?.contains("message.output_text.logprobs") ?? false
    readReasoning(request)
    readFlatTools(request)
    isStream = request["stream"]?.bool ?? false
    format = Prompt.format(request["text"]?["format"])
    let repeated = [
      "instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "previous_response_id",
      "reasoning", "temperature", "text", "tool_choice", "tools", "top_p", "truncation", "user",
    ]
    echoed = repeated.compactMap { name in request[name].map { JSON.Member(name: name, value: $0) } }
  }

  private mutating func readItems(_ items: [JSON]) {
    for item in items {
      textBytes += bytes(ofContent: item["output"] ?? item["content"])
      if item["role"]?.string == "user" { texts = [text(ofContent: item["content"])] }
      if item["type"]?.string == "function_call" { earlierCalls += 1 }
    }
    endsWithToolResult = items.last?["type"]?.string == "function_call_output"
  }

  /// Tools of the Responses API have no `function` around them.
  private mutating func readFlatTools(_ request: JSON) {
    for tool in request["tools"]?.array ?? [] where tool["type"]?.string == "function" {
      if let name = tool["name"]?.string { tools.append(Tool(name: name, schema: tool["parameters"] ?? [:])) }
    }
    allowsParallelCalls = request["parallel_tool_calls"]?.bool ?? true
    switch request["tool_choice"] {
    case .string("none"): toolChoice = .none
    case .string("required"): toolChoice = .required
    case .some(let choice): if let name = choice["name"]?.string { toolChoice = .named(name) }
    case nil: break
    }
  }
}
