/// `POST /chat/completions`: replies and chunks in OpenAI's shape with OpenRouter's additions.
enum Chat {
  static func reply(_ generation: Generation) -> Reply {
    Reply(generation, json: body(generation), events: ChatEvents(generation))
  }

  private static func body(_ generation: Generation) -> JSON {
    var body: JSON = [
      "id": .string(generation.id), "provider": .string(generation.provider),
      "model": .string(generation.model), "object": "chat.completion", "created": JSON(generation.created),
      "choices": .array(
        generation.completion.choices.enumerated().map { choice($0.element, at: $0.offset, generation) }),
      "system_fingerprint": nil,
    ]
    if generation.showsUsage { body.append("usage", generation.usage.chat) }
    return body
  }

  private static func choice(_ choice: Completion.Choice, at index: Int, _ generation: Generation) -> JSON {
    let fails = generation.failsInChoice && index == 0
    var json: JSON = [
      "logprobs": logprobs(choice.pieces, generation.prompt),
      "finish_reason": fails ? "error" : choice.finish.openAI,
      "native_finish_reason": fails ? "error" : choice.finish.openAI,
      "index": JSON(index), "message": message(choice, generation),
    ]
    if fails { json.append("error", Failure.provider.error) }
    return json
  }

  private static func message(_ choice: Completion.Choice, _ generation: Generation) -> JSON {
    var message: JSON = [
      "role": "assistant", "content": choice.calls.isEmpty ? .string(choice.content) : nil, "refusal": nil,
    ]
    if generation.completion.showsReasoning {
      let thoughts = Completion.thoughts.joined()
      message.append("reasoning", .string(thoughts))
      message.append("reasoning_details", [detail(thoughts)])
    }
    if !choice.calls.isEmpty {
      message.append("tool_calls", .array(choice.calls.enumerated().map { call($0.element, at: $0.offset) }))
    }
    return message
  }

  static func detail(_ text: String) -> JSON {
    ["type": "reasoning.text", "text": .string(text), "format": "unknown", "index": 0]
  }

  static func call(_ call: Completion.Call, at index: Int, arguments: String? = nil) -> JSON {
    [
      "index": JSON(index), "id": .string(call.id), "type": "function",
      "function": ["name": .string(call.name), "arguments": .string(arguments ?? call.arguments)],
    ]
  }

  /// Tokens of the longest reply that has log probabilities: they take a hundred times its memory.
  static let mostLogprobs = 20_000

  /// One entry a token, null unless asked for.
  static func logprobs(_ pieces: [Substring], _ prompt: Prompt) -> JSON {
    guard prompt.wantsLogprobs, pieces.count <= mostLogprobs else { return nil }
    return ["content": .array(pieces.map { logprob($0, prompt) }), "refusal": nil]
  }

  private static func logprob(_ piece: Substring, _ prompt: Prompt) -> JSON {
    let token: JSON = .string(String(piece))
    let bytes = JSON.array(piece.utf8.map { JSON(Int($0)) })
    let top = (0..<prompt.topLogprobs).map { rank -> JSON in
      [
        "token": rank == 0 ? token : .string("alternative\(rank)"), "logprob": JSON(-0.125 - Double(rank)),
        "bytes": bytes,
      ]
    }
    return ["token": token, "logprob": -0.125, "bytes": bytes, "top_logprobs": .array(top)]
  }
}

extension JSON: ExpressibleByFloatLiteral {
  init(floatLiteral value: Double) { self.init(value) }
}
