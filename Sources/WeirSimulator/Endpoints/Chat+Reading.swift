/// The text of a message's content: a string, or the text parts of a list joined by line feeds.
func text(ofContent content: JSON?) -> String {
  if let text = content?.string { return text }
  return (content?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
}

/// Bytes of that text without the line feeds between its parts.
func bytes(ofContent content: JSON?) -> Int {
  if let text = content?.string { return text.utf8.count }
  return (content?.array ?? []).reduce(0) { $0 + ($1["text"]?.string?.utf8.count ?? 0) }
}

extension Prompt {
  /// Reads a chat request.
  init(chat request: JSON) throws(Failure) {
    self.init(model: try Prompt.model(of: request))
    guard let messages = request["messages"]?.array, !messages.isEmpty else {
      throw .badRequest("Input required: specify \"prompt\" or \"messages\"")
    }
    for message in messages {
      let text = text(ofContent: message["content"])
      textBytes += bytes(ofContent: message["content"])
      if message["role"]?.string == "user" { texts = [text] }
      earlierCalls += message["tool_calls"]?.array?.count ?? 0
    }
    endsWithToolResult = messages.last?["role"]?.string == "tool"
    mostTokens = request["max_completion_tokens"]?.int ?? request["max_tokens"]?.int
    wantsLogprobs = request["logprobs"]?.bool ?? false
    topLogprobs = min(max(request["top_logprobs"]?.int ?? 0, 0), 20)
    try readChoices(request)
    readReasoning(request)
    readTools(request)
    isStream = request["stream"]?.bool ?? false
    wantsStreamUsage = request["stream_options"]?["include_usage"]?.bool ?? false
    format = Prompt.format(request["response_format"])
  }

  /// `model`, or the first of `models`, if OpenRouter would know it.
  static func model(of request: JSON) throws(Failure) -> String {
    guard let model = request["model"]?.string ?? request["models"]?.array?.first?.string else {
      throw .badRequest("No models provided")
    }
    guard Catalog.entry(for: model) != nil else { throw .badRequest("\(model) is not a valid model ID") }
    return model
  }

  mutating func readChoices(_ request: JSON) throws(Failure) {
    choices = request["n"]?.int ?? 1
    guard (1...128).contains(choices) else { throw .badRequest("n must be from 1 to 128") }
  }

  /// OpenRouter's `reasoning`, OpenAI's `reasoning_effort`, or a model that always thinks.
  mutating func readReasoning(_ request: JSON) {
    let reasoning = request["reasoning"]
    wantsReasoning =
      model.hasSuffix(":thinking") || model.hasSuffix("-thinking")
      || (request["reasoning_effort"]?.string.map { $0 != "none" } ?? false)
    if let reasoning, reasoning.members != nil {
      wantsReasoning = reasoning["enabled"]?.bool != false && reasoning["effort"]?.string != "none"
    }
    hidesReasoning = reasoning?["exclude"]?.bool == true || request["include_reasoning"]?.bool == false
  }

  private mutating func readTools(_ request: JSON) {
    for tool in request["tools"]?.array ?? [] {
      guard let function = tool["function"], let name = function["name"]?.string else { continue }
      tools.append(Tool(name: name, schema: function["parameters"] ?? [:]))
    }
    allowsParallelCalls = request["parallel_tool_calls"]?.bool ?? true
    switch request["tool_choice"] {
    case .string("none"): toolChoice = .none
    case .string("required"): toolChoice = .required
    case .some(let choice): if let name = choice["function"]?["name"]?.string { toolChoice = .named(name) }
    case nil: break
    }
  }

  static func format(_ request: JSON?) -> Format {
    switch request?["type"]?.string {
    case "json_object": .object
    case "json_schema": .schema(request?["json_schema"]?["schema"] ?? request?["schema"] ?? [:])
    default: .text
    }
  }
}
