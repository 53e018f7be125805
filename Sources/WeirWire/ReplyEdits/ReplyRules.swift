/// What is to be taken out of a reply before its client gets it.
public struct ReplyRules: Sendable {
  /// Which tools a reply may call.
  public struct Tools: Sendable {
    /// Whether a tool that goes by these names may be called.
    public let allows: @Sendable ([String]) -> Bool
    /// A forbidden call ends the reply; else it alone is taken out.
    public let refuses: Bool

    /// Describes a rule.
    public init(refuses: Bool, allows: @escaping @Sendable ([String]) -> Bool) {
      self.allows = allows
      self.refuses = refuses
    }
  }

  /// The event of a chat or completions stream that tells nothing but the usage is left out: weir asked for it, the
  /// client did not.
  public let hidesUsage: Bool
  /// Nil lets all calls through.
  public let tools: Tools?

  /// Describes what is taken out.
  public init(hidesUsage: Bool = false, tools: Tools? = nil) {
    self.hidesUsage = hidesUsage
    self.tools = tools
  }

  /// Whether a reply of this kind has to be read before it goes on.
  public func apply(to endpoint: Endpoint, isEventStream: Bool) -> Bool {
    switch endpoint {
    case .chatCompletions: tools != nil || (hidesUsage && isEventStream)
    case .completions: hidesUsage && isEventStream
    case .responses, .messages: tools != nil
    case .embeddings, .models, .feedback, .other: false
    }
  }
}
