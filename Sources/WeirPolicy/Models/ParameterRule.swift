public import WeirWire

/// One thing to do to a request's parameters before a model gets it.
public struct ParameterRule: Sendable, Equatable {
  /// What is done to one top-level member of the body.
  public enum Action: Sendable, Equatable {
    /// Puts a JSON value in where the request is silent.
    case fill(String, json: String)
    /// Calls a member by another name; where the request has both, the other name's value stays.
    case rename(String, to: String)
    /// Multiplies a number.
    case scale(String, by: Double)
    /// Moves a number to the nearer bound.
    case clamp(String, lowest: Double?, highest: Double?)
    /// Takes a member out, since the model refuses it.
    case drop(String)
  }

  /// What is done.
  public let action: Action
  /// Where it is done; nil means every JSON API.
  public let endpoints: Set<Endpoint>?

  /// Names a rule.
  public init(_ action: Action, at endpoints: Set<Endpoint>? = nil) {
    self.action = action
    self.endpoints = endpoints
  }

  /// Moonshot's own mapping for Anthropic-style clients (real temperature = 0.6 × the requested one); for a Kimi
  /// model behind `/messages` where the upstream does not do it. On nowhere by default.
  public static let kimiAnthropicTemperature = ParameterRule(.scale("temperature", by: 0.6), at: [.messages])

  /// For OpenAI's reasoning models: the newer name of the bound, and no sampling parameters. On nowhere by
  /// default, since OpenRouter does this itself.
  public static let openAIReasoning = [
    ParameterRule(.rename("max_tokens", to: "max_completion_tokens"), at: [.chatCompletions]),
    ParameterRule(.drop("temperature")), ParameterRule(.drop("top_p")),
    ParameterRule(.drop("presence_penalty"), at: [.chatCompletions]),
    ParameterRule(.drop("frequency_penalty"), at: [.chatCompletions]),
  ]
}

/// One edit of a body's top-level members.
public struct ParameterEdit: Sendable, Equatable {
  /// What happens to the member.
  public enum Change: Sendable, Equatable {
    /// The member is new.
    case insert(json: String)
    /// The member's value is exchanged.
    case replace(json: String)
    /// The member goes.
    case remove
  }

  /// The member, which is also the edit's name in `x-weir-edits`.
  public let name: String
  /// What happens to it.
  public let change: Change
  /// The value as it goes upstream; nil where the member goes.
  var json: String? {
    switch change {
    case .insert(let json), .replace(let json): json
    case .remove: nil
    }
  }

  /// For a warning header: a sentence on what the client asked for and does not get; nil for fills and renames.
  public let warning: String?

  /// Names an edit.
  public init(name: String, change: Change, warning: String? = nil) {
    self.name = name
    self.change = change
    self.warning = warning
  }
}
