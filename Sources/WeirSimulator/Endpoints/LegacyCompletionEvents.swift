/// The chunks of a streamed legacy completion.
struct LegacyCompletionEvents: EventSequence {
  private enum Step {
    case text(choice: Int, piece: Int)
    case finish(choice: Int)
    case usage
    case done
  }

  private let generation: Generation
  private let steps: [Step]

  init(_ generation: Generation) {
    self.generation = generation
    var steps: [Step] = []
    for (choice, made) in generation.completion.choices.enumerated() {
      for piece in made.pieces.indices { steps.append(.text(choice: choice, piece: piece)) }
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
    case .text(let choice, let piece):
      let text = generation.completion.choices[choice].pieces[piece]
      let logprobs = LegacyCompletions.logprobs([text], generation.prompt)
      return chunk([LegacyCompletions.choice(choice, String(text), finish: nil, logprobs: logprobs)])
    case .finish(let choice):
      let finish = generation.completion.choices[choice].finish.openAI
      return chunk([LegacyCompletions.choice(choice, "", finish: finish)])
    case .usage: return chunk([], "usage", generation.usage.chat)
    case .done: return .done
    }
  }

  func failure(at index: Int) -> ServerEvent {
    chunk([LegacyCompletions.choice(0, "", finish: "error")], "error", Failure.provider.error)
  }

  func content(_ text: String) -> ServerEvent {
    chunk([LegacyCompletions.choice(0, text, finish: nil)])
  }

  private func chunk(_ choices: JSON, _ name: String? = nil, _ value: JSON = nil) -> ServerEvent {
    var chunk = LegacyCompletions.envelope(generation)
    chunk.append("choices", choices)
    if let name { chunk.append(name, value) }
    return ServerEvent(chunk)
  }
}
