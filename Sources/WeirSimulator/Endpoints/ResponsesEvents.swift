/// The named events of a streamed response; `sequence_number` is the event's index.
struct ResponsesEvents: EventSequence {
  private enum Step {
    case created
    case inProgress
    case itemAdded(Int)
    case partAdded(Int)
    case delta(Int, Substring)
    case textDone(Int)
    case partDone(Int)
    case itemDone(Int)
    case ended
  }

  private let generation: Generation
  private let items: [Responses.Item]
  private let steps: [Step]
  let contentStart: Int

  init(_ generation: Generation) {
    self.generation = generation
    items = Responses.items(of: generation)
    var steps: [Step] = [.created, .inProgress]
    var contentStart = 2
    for (index, item) in items.enumerated() {
      steps.append(.itemAdded(index))
      var pieces: [Substring] = []
      var hasParts = true
      switch item {
      case .reasoning: pieces = Completion.thoughts
      case .message(let choice): pieces = choice.pieces
      case .call(let call): (pieces, hasParts) = (call.arguments.pieces(of: ChatEvents.argumentPiece), false)
      }
      if hasParts { steps.append(.partAdded(index)) }
      if case .message = item { contentStart = steps.count }
      steps += pieces.map { .delta(index, $0) }
      steps.append(.textDone(index))
      if hasParts { steps.append(.partDone(index)) }
      steps.append(.itemDone(index))
    }
    if generation.showsEnd { steps.append(.ended) }
    self.steps = steps
    self.contentStart = contentStart
  }

  var count: Int { steps.count }

  func event(at index: Int) -> ServerEvent {
    switch steps[index] {
    case .created:
      return event(index, "response.created", ["response": Responses.body(generation, status: .inProgress)])
    case .inProgress:
      return event(
        index, "response.in_progress", ["response": Responses.body(generation, status: .inProgress)])
    case .itemAdded(let item):
      let value = Responses.item(items[item], at: item, generation, isStarting: true)
      return event(index, "response.output_item.added", ["output_index": JSON(item), "item": value])
    case .itemDone(let item):
      let value = Responses.item(items[item], at: item, generation)
      return event(index, "response.output_item.done", ["output_index": JSON(item), "item": value])
    case .partAdded(let item):
      return event(index, "response.content_part.added", place(item, ["part": part(item, isStarting: true)]))
    case .partDone(let item):
      return event(index, "response.content_part.done", place(item, ["part": part(item, isStarting: false)]))
    case .delta(let item, let text): return delta(index, item, text)
    case .textDone(let item): return done(index, item)
    case .ended:
      let name = Responses.isIncomplete(generation) ? "response.incomplete" : "response.completed"
      return event(index, name, ["response": Responses.body(generation, status: .ended)])
    }
  }

  func failure(at index: Int) -> ServerEvent {
    event(index, "response.failed", ["response": Responses.body(generation, status: .failed)])
  }

  func content(_ text: String) -> ServerEvent {
    let message = items.firstIndex { if case .message = $0 { true } else { false } }
    return delta(contentStart, message ?? 0, text[...])
  }

  private func delta(_ index: Int, _ item: Int, _ text: Substring) -> ServerEvent {
    let delta: JSON = .string(String(text))
    switch items.indices.contains(item) ? items[item] : .reasoning {
    case .reasoning: return event(index, "response.reasoning_text.delta", place(item, ["delta": delta]))
    case .message:
      let logprobs = Responses.logprobs([text], generation.prompt)
      return event(index, "response.output_text.delta", place(item, ["delta": delta, "logprobs": logprobs]))
    case .call:
      return event(
        index, "response.function_call_arguments.delta", place(item, ["delta": delta], hasParts: false))
    }
  }

  private func done(_ index: Int, _ item: Int) -> ServerEvent {
    switch items[item] {
    case .reasoning:
      let text: JSON = .string(Completion.thoughts.joined())
      return event(index, "response.reasoning_text.done", place(item, ["text": text]))
    case .message(let choice):
      let logprobs = Responses.logprobs(choice.pieces, generation.prompt)
      let text: JSON = .string(choice.content)
      return event(index, "response.output_text.done", place(item, ["text": text, "logprobs": logprobs]))
    case .call(let call):
      let fields: JSON = ["arguments": .string(call.arguments), "name": .string(call.name)]
      return event(index, "response.function_call_arguments.done", place(item, fields, hasParts: false))
    }
  }

  private func part(_ item: Int, isStarting: Bool) -> JSON {
    switch items[item] {
    case .message(let choice):
      isStarting
        ? ["type": "output_text", "text": "", "annotations": [], "logprobs": []]
        : Responses.part(choice, generation)
    default: isStarting ? ["type": "reasoning_text", "text": ""] : Responses.reasoningPart
    }
  }

  private func place(_ item: Int, _ fields: JSON, hasParts: Bool = true) -> JSON {
    var json: JSON = [
      "item_id": items.indices.contains(item)
        ? .string(Responses.itemID(items[item], at: item, generation)) : nil,
      "output_index": JSON(item),
    ]
    if hasParts { json.append("content_index", 0) }
    for field in fields.members ?? [] { json.append(field.name, field.value) }
    return json
  }

  private func event(_ index: Int, _ name: String, _ fields: JSON) -> ServerEvent {
    var json: JSON = ["type": .string(name), "sequence_number": JSON(index)]
    for field in fields.members ?? [] { json.append(field.name, field.value) }
    return ServerEvent(name: name, json)
  }
}
