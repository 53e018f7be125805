/// The API a request calls, told from its method and its path below the base URL.
public enum Endpoint: String, Sendable, CaseIterable {
  case chatCompletions = "chat/completions"
  case completions
  case responses
  case messages
  case embeddings
  /// The model list and one model's endpoints, read with GET.
  case models
  /// weir's own `/weir/feedback`; never goes upstream.
  case feedback
  /// Everything else; passes through unread.
  case other

  /// - Parameters:
  ///   - method: as sent, so in upper case.
  ///   - path: what follows the base, as "/chat/completions", without query; one trailing slash is tolerated.
  public init(method: String, path: Substring) {
    var name = path
    if name.utf8.first == UInt8(ascii: "/") { name = name.dropFirst() }
    if name.utf8.last == UInt8(ascii: "/") { name = name.dropLast() }
    switch method {
    case "POST": self = Self.readByPost(name)
    case "GET" where name == "models" || name.hasPrefix("models/"): self = .models
    default: self = .other
    }
  }

  /// As ``init(method:path:)-(_,Substring)``, for a path that is a whole string.
  public init(method: String, path: String) {
    self.init(method: method, path: path[...])
  }

  private static func readByPost(_ name: Substring) -> Endpoint {
    switch name {
    case "chat/completions": .chatCompletions
    case "completions": .completions
    case "responses": .responses
    case "messages": .messages
    case "embeddings": .embeddings
    default: .other
    }
  }

  /// True for the five JSON APIs, whose request body weir reads.
  public var readsBody: Bool {
    switch self {
    case .chatCompletions, .completions, .responses, .messages, .embeddings: true
    case .models, .feedback, .other: false
    }
  }

  /// True where clients expect Anthropic's shape of errors rather than OpenAI's.
  public var usesAnthropicErrors: Bool { self == .messages }
}
