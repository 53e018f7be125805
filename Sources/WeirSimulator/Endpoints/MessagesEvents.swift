/// The named events of a streamed message.
struct MessagesEvents: EventSequence {
  private enum Step {
    case start
    case ping
    case blockStart(Int)
    case delta(Int, Substring)
    case signature(Int)
    case blockStop(Int)
    case messageDelta
    case stop
  }

  private let generation: Generation
  private let blocks: [Messages.Block]
  private let steps: [Step]
  let contentStart: Int

  init(_ generation: Generation) {
    self.generation = generation
    blocks = Messages.blocks(of: generation)
    var steps: [Step] = [.start, .ping]
    var contentStart = 2
    for (index, block) in blocks.enumerated() {
      steps.append(.blockStart(index))
      switch block {
      case .thinking:
        steps += Completion.thoughts.map { .delta(index, $0) }
        steps.append(.signature(index))
      case .text(let choice):
        contentStart = steps.count
        steps += choice.pieces.map { .delta(index, $0) }
      case .toolUse(let call):
        steps += call.arguments.pieces(of: ChatEvents.argumentPiece).map { .delta(index, $0) }
      }
      steps.append(.blockStop(index))
    }
    steps.append(.messageDelta)
    if generation.showsEnd { steps.append(.stop) }
    self.steps = steps
    self.contentStart = contentStart
  }

  var count: Int { steps.count }

  func event(at index: Int) -> ServerEvent {
    switch steps[index] {
    case .start: return event("message_start", ["message": startedMessage])
    case .ping: return event("ping", [:])
    case .blockStart(let block):
      return event("content_block_start", ["index": JSON(block), "content_block": opened(blocks[block])])
    case .delta(let block, let text): return delta(block, text)
    case .signature(let block):
      let delta: JSON = ["type": "signature_delta", "signature": .string(Messages.signature)]
      return event("content_block_delta", ["index": JSON(block), "delta": delta])
    case .blockStop(let block): return event("content_block_stop", ["index": JSON(block)])
    case .messageDelta:
      var fields: JSON = [
        "delta": ["stop_reason": Messages.stopReason(generation), "stop_sequence": nil]
      ]
      if generation.showsUsage { fields.append("usage", generation.usage.messages) }
      return event("message_delta", fields)
    case .stop: return event("message_stop", [:])
    }
  }

  func failure(at index: Int) -> ServerEvent {
    ServerEvent(name: "error", Failure.provider.body(endpoint: "/messages"))
  }

  func content(_ text: String) -> ServerEvent {
    let block = blocks.firstIndex { if case .text = $0 { true } else { false } }
    return delta(block ?? 0, text[...])
  }

  private var startedMessage: JSON {
    var message = Messages.envelope(generation)
    message.append("content", [])
    message.append("stop_reason", nil)
    message.append("stop_sequence", nil)
    if generation.showsUsage {
      message.append(
        "usage",
        [
          "input_tokens": JSON(generation.usage.promptTokens), "cache_creation_input_tokens": 0,
          "cache_read_input_tokens": 0, "output_tokens": 0,
        ])
    }
    return message
  }

  private func opened(_ block: Messages.Block) -> JSON {
    switch block {
    case .thinking: ["type": "thinking", "thinking": "", "signature": ""]
    case .text: ["type": "text", "text": ""]
    case .toolUse(let call):
      ["type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": [:]]
    }
  }

  private func delta(_ block: Int, _ text: Substring) -> ServerEvent {
    let text: JSON = .string(String(text))
    let delta: JSON
    switch blocks.indices.contains(block) ? blocks[block] : .thinking {
    case .thinking: delta = ["type": "thinking_delta", "thinking": text]
    case .text: delta = ["type": "text_delta", "text": text]
    case .toolUse: delta = ["type": "input_json_delta", "partial_json": text]
    }
    return event("content_block_delta", ["index": JSON(block), "delta": delta])
  }

  private func event(_ name: String, _ fields: JSON) -> ServerEvent {
    var json: JSON = ["type": .string(name)]
    for field in fields.members ?? [] { json.append(field.name, field.value) }
    return ServerEvent(name: name, json)
  }
}
