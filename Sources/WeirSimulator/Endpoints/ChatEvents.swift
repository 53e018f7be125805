/// The chunks of a streamed chat completion.
struct ChatEvents: EventSequence {
  private enum Step {
    case reasoning(choice: Int, piece: Int)
    case content(choice: Int, piece: Int)
    case callStart(choice: Int, call: Int)
    case callArguments(choice: Int, call: Int, piece: Substring)
    case finish(choice: Int)
    case usage
    case done
  }

  /// Characters of one piece of a tool call's arguments.
  static let argumentPiece = 7

  private let generation: Generation
  private let steps: [Step]
  /// The chunk up to its choices, encoded once.
  private let opening: [UInt8]

  init(_ generation: Generation) {
    self.generation = generation
    let envelope: JSON = [
      "id": .string(generation.id), "provider": .string(generation.provider),
      "model": .string(generation.model), "object": "chat.completion.chunk",
      "created": JSON(generation.created),
    ]
    opening = Array(envelope.encoded().dropLast())
    var steps: [Step] = []
    let choices = generation.completion.choices
    if generation.completion.showsReasoning {
      for choice in choices.indices {
        for piece in Completion.thoughts.indices { steps.append(.reasoning(choice: choice, piece: piece)) }
      }
    }
    // Choices take turns, as parallel generations do.
    for piece in 0..<(choices.map(\.pieces.count).max() ?? 0) {
      for choice in choices.indices where piece < choices[choice].pieces.count {
        steps.append(.content(choice: choice, piece: piece))
      }
    }
    for choice in choices.indices {
      for (index, call) in choices[choice].calls.enumerated() {
        steps.append(.callStart(choice: choice, call: index))
        for piece in call.arguments.pieces(of: ChatEvents.argumentPiece) {
          steps.append(.callArguments(choice: choice, call: index, piece: piece))
        }
      }
      steps.append(.finish(choice: choice))
    }
    if generation.showsUsage { steps.append(.usage) }
    if generation.showsEnd { steps.append(.done) }
    self.steps = steps
  }

  var count: Int { steps.count }

  var contentStart: Int { 0 }

  func event(at index: Int) -> ServerEvent {
    switch steps[index] {
    case .content(let choice, let piece):
      let text = generation.completion.choices[choice].pieces[piece]
      return content(String(text), choice: choice, logprobs: Chat.logprobs([text], generation.prompt))
    case .reasoning(let choice, let piece):
      let text = String(Completion.thoughts[piece])
      let delta: JSON = [
        "role": "assistant", "content": "", "reasoning": .string(text),
        "reasoning_details": [Chat.detail(text)],
      ]
      return chunk([self.choice(choice, delta)])
    case .callStart(let choice, let call):
      let start = Chat.call(generation.completion.choices[choice].calls[call], at: call, arguments: "")
      return chunk([self.choice(choice, ["role": "assistant", "content": nil, "tool_calls": [start]])])
    case .callArguments(let choice, let call, let piece):
      let part: JSON = [
        "index": JSON(call), "type": "function", "function": ["arguments": .string(String(piece))],
      ]
      return chunk([self.choice(choice, ["role": "assistant", "content": nil, "tool_calls": [part]])])
    case .finish(let choice):
      let finish = generation.completion.choices[choice].finish.openAI
      return chunk([self.choice(choice, ["role": "assistant", "content": ""], finish: finish)])
    case .usage:
      if generation.hasBareUsage { return chunk([], ("usage", generation.usage.chat)) }
      return chunk([self.choice(0, ["role": "assistant", "content": ""])], ("usage", generation.usage.chat))
    case .done: return .done
    }
  }

  func failure(at index: Int) -> ServerEvent {
    chunk([choice(0, ["content": ""], finish: "error")], ("error", Failure.provider.error))
  }

  func content(_ text: String) -> ServerEvent { content(text, choice: 0, logprobs: nil) }

  /// The frequent event, written without a tree of values.
  private func content(_ text: String, choice: Int, logprobs: JSON) -> ServerEvent {
    var data = opening
    data.reserveCapacity(opening.count + text.utf8.count + 160)
    data.append(contentsOf: ",\"choices\":[{\"index\":".utf8)
    data.append(contentsOf: String(choice).utf8)
    data.append(contentsOf: ",\"delta\":{\"role\":\"assistant\",\"content\":".utf8)
    JSON.write(text, to: &data)
    data.append(contentsOf: "},\"finish_reason\":null,\"native_finish_reason\":null,\"logprobs\":".utf8)
    logprobs.write(to: &data)
    data.append(contentsOf: "}]}".utf8)
    return ServerEvent(data: data)
  }

  private func choice(_ index: Int, _ delta: JSON, finish: JSON = nil) -> JSON {
    [
      "index": JSON(index), "delta": delta, "finish_reason": finish, "native_finish_reason": finish,
      "logprobs": nil,
    ]
  }

  private func chunk(_ choices: JSON, _ extra: (String, JSON)? = nil) -> ServerEvent {
    var data = opening
    data.append(contentsOf: ",\"choices\":".utf8)
    choices.write(to: &data)
    if let extra {
      data.append(UInt8(ascii: ","))
      JSON.write(extra.0, to: &data)
      data.append(UInt8(ascii: ":"))
      extra.1.write(to: &data)
    }
    data.append(UInt8(ascii: "}"))
    return ServerEvent(data: data)
  }
}

extension String {
  /// The text in pieces of `length` characters, the last one shorter.
  func pieces(of length: Int) -> [Substring] {
    var pieces: [Substring] = []
    var rest = self[...]
    while !rest.isEmpty {
      pieces.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return pieces
  }
}
