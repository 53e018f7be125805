/// `POST /responses`: OpenAI's Responses API, stateless.
enum Responses {
  /// One element of `output`.
  enum Item: Sendable {
    case reasoning
    case message(Completion.Choice)
    case call(Completion.Call)
  }

  enum Status: Sendable {
    case inProgress
    case ended
    case failed
  }

  static func reply(_ generation: Generation) -> Reply {
    Reply(generation, json: body(generation, status: .ended), events: ResponsesEvents(generation))
  }

  static func items(of generation: Generation) -> [Item] {
    var items: [Item] = generation.completion.showsReasoning ? [.reasoning] : []
    guard let choice = generation.completion.choices.first else { return items }
    if choice.calls.isEmpty { items.append(.message(choice)) }
    return items + choice.calls.map { .call($0) }
  }

  static func isIncomplete(_ generation: Generation) -> Bool {
    generation.completion.choices.first?.finish == .length
  }

  /// The response object; output, usage and end are there only once it has ended.
  static func body(_ generation: Generation, status: Status) -> JSON {
    let isEnded = status == .ended
    let isIncomplete = isEnded && Responses.isIncomplete(generation)
    let word =
      switch status {
      case .inProgress: "in_progress"
      case .ended: isIncomplete ? "incomplete" : "completed"
      case .failed: "failed"
      }
    var body: JSON = [
      "id": .string(generation.id), "object": "response", "created_at": JSON(generation.created),
      "model": .string(generation.model), "status": .string(word),
      "output": isEnded
        ? .array(items(of: generation).enumerated().map { item($0.element, at: $0.offset, generation) }) : [],
      "error": status == .failed
        ? ["code": "server_error", "message": .string(Failure.provider.message)] : nil,
      "incomplete_details": isIncomplete ? ["reason": "max_output_tokens"] : nil,
      "usage": isEnded && generation.showsUsage ? generation.usage.responses : nil,
      "provider": .string(generation.provider), "background": false, "store": false,
      "service_tier": "default",
    ]
    for (name, value) in defaults where !generation.prompt.echoed.contains(where: { $0.name == name }) {
      body.append(name, value)
    }
    for member in generation.prompt.echoed { body.append(member.name, member.value) }
    return body
  }

  private static let defaults: [(String, JSON)] = [
    ("instructions", nil), ("max_output_tokens", nil), ("metadata", [:]), ("parallel_tool_calls", true),
    ("previous_response_id", nil), ("reasoning", ["effort": nil, "summary": nil]), ("temperature", 1.0),
    ("text", ["format": ["type": "text"]]), ("tool_choice", "auto"), ("tools", []), ("top_p", 1.0),
    ("truncation", "disabled"),
  ]

  static func itemID(_ item: Item, at index: Int, _ generation: Generation) -> String {
    let prefix =
      switch item {
      case .reasoning: "rs"
      case .message: "msg"
      case .call: "fc"
      }
    return "\(prefix)_\(generation.id.dropFirst(4))_\(index)"
  }

  /// The item as it is when done, or when `isStarting` as it is before its content.
  static func item(_ item: Item, at index: Int, _ generation: Generation, isStarting: Bool = false) -> JSON {
    let id = JSON.string(itemID(item, at: index, generation))
    let status: JSON =
      isStarting ? "in_progress" : isIncomplete(generation) && isMessage(item) ? "incomplete" : "completed"
    switch item {
    case .reasoning:
      let content: JSON = isStarting ? [] : [reasoningPart]
      return ["id": id, "type": "reasoning", "summary": [], "content": content, "status": status]
    case .message(let choice):
      let content: JSON = isStarting ? [] : [part(choice, generation)]
      return ["id": id, "type": "message", "role": "assistant", "status": status, "content": content]
    case .call(let call):
      return [
        "id": id, "type": "function_call", "call_id": .string(call.id), "name": .string(call.name),
        "arguments": .string(isStarting ? "" : call.arguments), "status": status,
      ]
    }
  }

  private static func isMessage(_ item: Item) -> Bool {
    if case .message = item { return true }
    return false
  }

  static var reasoningPart: JSON {
    ["type": "reasoning_text", "text": .string(Completion.thoughts.joined())]
  }

  static func part(_ choice: Completion.Choice, _ generation: Generation) -> JSON {
    [
      "type": "output_text", "text": .string(choice.content), "annotations": [],
      "logprobs": logprobs(choice.pieces, generation.prompt),
    ]
  }

  static func logprobs(_ pieces: [Substring], _ prompt: Prompt) -> JSON {
    Chat.logprobs(pieces, prompt)["content"] ?? []
  }
}
