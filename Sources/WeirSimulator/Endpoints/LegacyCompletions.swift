/// `POST /completions`: OpenAI's legacy text completions.
enum LegacyCompletions {
  static func reply(_ generation: Generation) -> Reply {
    Reply(generation, json: body(generation), events: LegacyCompletionEvents(generation))
  }

  static func envelope(_ generation: Generation) -> JSON {
    [
      "id": .string(generation.id), "provider": .string(generation.provider),
      "model": .string(generation.model), "object": "text_completion", "created": JSON(generation.created),
    ]
  }

  private static func body(_ generation: Generation) -> JSON {
    var body = envelope(generation)
    let choices = generation.completion.choices.enumerated().map { index, made -> JSON in
      let fails = generation.failsInChoice && index == 0
      var json = choice(
        index, made.content, finish: fails ? "error" : made.finish.openAI,
        logprobs: logprobs(made.pieces, generation.prompt))
      if fails { json.append("error", Failure.provider.error) }
      return json
    }
    body.append("choices", .array(choices))
    body.append("system_fingerprint", nil)
    if generation.showsUsage { body.append("usage", generation.usage.chat) }
    return body
  }

  static func choice(_ index: Int, _ text: String, finish: JSON, logprobs: JSON = nil) -> JSON {
    [
      "index": JSON(index), "text": .string(text), "logprobs": logprobs, "finish_reason": finish,
      "native_finish_reason": finish,
    ]
  }

  /// The legacy shape: parallel arrays.
  static func logprobs(_ pieces: [Substring], _ prompt: Prompt) -> JSON {
    guard prompt.wantsLogprobs, pieces.count <= Chat.mostLogprobs else { return nil }
    var offset = 0
    let offsets = pieces.map { piece -> JSON in
      defer { offset += piece.unicodeScalars.count }
      return JSON(offset)
    }
    let tokens = pieces.map { JSON.string(String($0)) }
    return [
      "tokens": .array(tokens), "token_logprobs": .array(pieces.map { _ in -0.125 }),
      "top_logprobs": .array(pieces.map { .object([JSON.Member(name: String($0), value: -0.125)]) }),
      "text_offset": .array(offsets),
    ]
  }
}

extension Prompt {
  /// Reads a legacy completion request.
  init(legacy request: JSON) throws(Failure) {
    self.init(model: try Prompt.model(of: request))
    switch request["prompt"] {
    case .string(let text): texts = [text]
    case .array(let prompts):
      let strings = prompts.compactMap(\.string)
      // Token numbers stand for words that the simulator does not know.
      texts = strings.isEmpty ? [""] : strings
    default: throw .badRequest("Input required: specify \"prompt\" or \"messages\"")
    }
    guard texts.count <= 2048 else { throw .badRequest("at most 2048 prompts") }
    textBytes = texts.reduce(0) { $0 + $1.utf8.count }
    mostTokens = request["max_tokens"]?.int
    wantsLogprobs = (request["logprobs"]?.int ?? 0) > 0
    try readChoices(request)
    readReasoning(request)
    hidesReasoning = true
    isStream = request["stream"]?.bool ?? false
    wantsStreamUsage = request["stream_options"]?["include_usage"]?.bool ?? false
    format = Prompt.format(request["response_format"])
  }
}
