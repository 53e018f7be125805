public import WeirWire

/// What the catalog's models want done to the bodies of their requests, laid out when a configuration is made, so that
/// a request of any other model pays for a look-up at most.
public struct BodyRules: Sendable {
  /// What one model wants.
  struct Rules: Sendable {
    /// In the order in which they apply.
    let parameters: [ParameterRule]
    /// The JSON string to add to the system prompt, quotes included; nil adds nothing.
    let systemPromptAddition: String?
  }

  /// The members that rules look at; an envelope that `RequestPath.admit` is given must have been made with them.
  public let memberNames: MemberNames

  private let rulesByID: [String: Rules]

  /// Takes the rules out of all models that have any.
  ///
  /// - Parameter others: members that other steps look at by name.
  public init(_ models: [CatalogModel], alsoFinding others: [String] = []) {
    var rulesByID: [String: Rules] = [:]
    var names: [String] = []
    for model in models {
      let addition = model.systemPromptAddition.flatMap { $0.isEmpty ? nil : JSONText.quoted($0) }
      guard !model.parameterRules.isEmpty || addition != nil else { continue }
      rulesByID[model.id] = Rules(parameters: model.parameterRules, systemPromptAddition: addition)
      names += model.parameterRules.flatMap(\.memberNames)
      if addition != nil { names += AddSystemPrompt.memberNames }
    }
    if names.isEmpty {
      memberNames = others.isEmpty ? .none : MemberNames(others)
    } else {
      memberNames = MemberNames(["temperature"] + ParameterFill.maxTokensNames + names + others)
    }
    self.rulesByID = rulesByID
  }

  /// Nil for models without rules, and for those that the catalog does not have.
  func rules(for model: ResolvedModel?) -> Rules? {
    guard !rulesByID.isEmpty, let id = model?.catalogID else { return nil }
    return rulesByID[id]
  }
}

extension ParameterRule {
  /// The members that the rule looks at.
  fileprivate var memberNames: [String] {
    switch action {
    case .fill(let name, _), .scale(let name, _), .clamp(let name, _, _), .drop(let name): [name]
    case .rename(let name, let other): [name, other]
    }
  }
}
