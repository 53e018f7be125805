/// `POST /messages`: Anthropic's Messages API.
enum Messages {
  enum Block: Sendable {
    case thinking
    case text(Completion.Choice)
    case toolUse(Completion.Call)
  }

  static func reply(_ generation: Generation) -> Reply {
    Reply(generation, json: body(generation), events: MessagesEvents(generation))
  }

  static func blocks(of generation: Generation) -> [Block] {
    var blocks: [Block] = generation.completion.showsReasoning ? [.thinking] : []
    guard let choice = generation.completion.choices.first else { return blocks }
    if choice.calls.isEmpty { blocks.append(.text(choice)) }
    return blocks + choice.calls.map { .toolUse($0) }
  }

  static func stopReason(_ generation: Generation) -> JSON {
    generation.completion.choices.first?.finish.anthropic ?? "end_turn"
  }

  /// The message up to its content.
  static func envelope(_ generation: Generation) -> JSON {
    [
      "id": .string(generation.id), "type": "message", "role": "assistant",
      "model": .string(generation.model), "provider": .string(generation.provider),
    ]
  }

  private static func body(_ generation: Generation) -> JSON {
    var body = envelope(generation)
    body.append("content", .array(blocks(of: generation).map { block($0) }))
    body.append("stop_reason", stopReason(generation))
    body.append("stop_sequence", nil)
    if generation.showsUsage { body.append("usage", generation.usage.messages) }
    return body
  }

  private static func block(_ block: Block) -> JSON {
    switch block {
    case .thinking:
      [
        "type": "thinking", "thinking": .string(Completion.thoughts.joined()),
        "signature": .string(signature),
      ]
    case .text(let choice): ["type": "text", "text": .string(choice.content), "citations": nil]
    case .toolUse(let call):
      [
        "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
        "input": (try? JSON(parsing: Array(call.arguments.utf8))) ?? [:],
      ]
    }
  }

  static let signature = "c2ltdWxhdGVk"
}
