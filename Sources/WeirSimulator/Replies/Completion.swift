/// What the simulated model says: computed from the request alone.
struct Completion: Sendable {
  struct Call: Sendable, Equatable {
    /// `functions.NAME:INDEX`, as Kimi names calls.
    var id: String
    var name: String
    /// JSON text.
    var arguments: String
  }

  enum Finish: Sendable, Equatable {
    case stop
    case length
    case toolCalls
  }

  struct Choice: Sendable {
    /// The content in the pieces in which a stream sends it; a token each, unless the reply is `huge`.
    var pieces: [Substring]
    var calls: [Call] = []
    var finish = Finish.stop
    var tokens: Int

    var content: String { pieces.joined() }
  }

  /// What the model thinks, in tokens.
  static let thoughts: [Substring] = ["Thinking ", "about ", "it."]

  var choices: [Choice]
  var isReasoned = false
  var promptTokens: Int
  var completionTokens: Int
  var reasoningTokens = 0

  /// Whether the reasoning is shown; it is billed either way.
  var showsReasoning = false
}

extension Completion {
  /// Most code points of the user's text that a reply repeats.
  static let mostEcho = 200
  /// Bytes of one stream event's content in a `huge` reply.
  static let hugePiece = 4096

  init(answering prompt: Prompt, size: ReplySize) {
    let size = size.shared(by: prompt.texts.count * prompt.choices)
    var choices: [Choice] = []
    for text in prompt.texts {
      for index in 0..<prompt.choices {
        choices.append(Choice(answering: text, of: prompt, number: index, size: size))
      }
    }
    let reasoning = prompt.wantsReasoning ? Completion.thoughts.count : 0
    self.init(
      choices: choices, isReasoned: prompt.wantsReasoning,
      promptTokens: WeirSimulator.promptTokens(bytes: prompt.textBytes),
      completionTokens: choices.reduce(reasoning) { $0 + $1.tokens }, reasoningTokens: reasoning,
      showsReasoning: prompt.wantsReasoning && !prompt.hidesReasoning)
  }
}

extension Completion.Choice {
  init(answering text: String, of prompt: Prompt, number: Int, size: ReplySize) {
    let calls = Completion.calls(for: text, of: prompt)
    guard calls.isEmpty else {
      let tokens = calls.reduce(0) { $0 + 1 + words(of: $1.arguments).count }
      self.init(pieces: [], calls: calls, finish: .toolCalls, tokens: tokens)
      return
    }
    if let bytes = size.bytes {
      self.init(huge: bytes)
    } else if let tokens = size.tokens {
      self.init(pieces: (0..<tokens).map { $0 + 1 < tokens ? "w\($0) " : "w\($0)" }, tokens: tokens)
    } else {
      let isNumbered = number > 0 && prompt.format == .text
      let said = Completion.said(text, in: prompt.format) + (isNumbered ? " (choice \(number))" : "")
      let pieces = words(of: said)
      self.init(pieces: pieces, tokens: pieces.count)
    }
    if let most = prompt.mostTokens, tokens > most, size.bytes == nil {
      self.init(pieces: Array(pieces.prefix(max(0, most))), finish: .length, tokens: max(0, most))
    }
  }

  /// Words of seven letters and a space up to `bytes`, in pieces much larger than a token.
  private init(huge bytes: Int) {
    let piece = String(repeating: "xxxxxxx ", count: Completion.hugePiece / 8)[...]
    var pieces = Array(repeating: piece, count: bytes / Completion.hugePiece)
    let rest = bytes % Completion.hugePiece
    if rest > 0 { pieces.append(piece.prefix(rest)) }
    self.init(pieces: pieces, tokens: (bytes + 7) / 8)
  }
}

extension Completion {
  /// The words of a plain reply, or the JSON object that the format asks for.
  static func said(_ text: String, in format: Prompt.Format) -> String {
    let echo = String(String.UnicodeScalarView(text.unicodeScalars.prefix(mostEcho)))
    switch format {
    case .text: return "You said: \(echo)"
    case .object: return String(decoding: (["said": .string(echo)] as JSON).encoded(), as: UTF8.self)
    case .schema(let schema):
      return String(decoding: SchemaExample.value(for: schema).encoded(), as: UTF8.self)
    }
  }

  /// The calls that the text asks for with `call NAME`, else those that `tool_choice` forces.
  static func calls(for text: String, of prompt: Prompt) -> [Call] {
    if prompt.tools.isEmpty || prompt.toolChoice == .none { return [] }
    var called = prompt.endsWithToolResult ? [] : namedCalls(in: text, offered: prompt.tools)
    switch prompt.toolChoice {
    case .automatic, .none: break
    case .required: if called.isEmpty { called = Array(prompt.tools.prefix(1)) }
    case .named(let name):
      called = called.filter { $0.name == name }
      if called.isEmpty { called = prompt.tools.filter { $0.name == name } }
    }
    if !prompt.allowsParallelCalls { called = Array(called.prefix(1)) }
    return called.enumerated().map { index, tool in
      let arguments = String(decoding: SchemaExample.value(for: tool.schema).encoded(), as: UTF8.self)
      return Call(
        id: "functions.\(tool.name):\(prompt.earlierCalls + index)", name: tool.name, arguments: arguments)
    }
  }

  /// Most calls of one reply.
  private static let mostCalls = 128

  private static func namedCalls(in text: String, offered: [Prompt.Tool]) -> [Prompt.Tool] {
    let words = text.split { $0.isWhitespace || ",;:!?()\"'`".contains($0) }
    var called: [Prompt.Tool] = []
    for (word, next) in zip(words, words.dropFirst()) where word.lowercased() == "call" {
      let bare = next.reversed().drop { $0 == "." }.reversed()
      let tool = offered.first { $0.name == next || $0.name == String(bare) }
      if let tool { called.append(tool) }
      if called.count == mostCalls { break }
    }
    return called
  }
}
