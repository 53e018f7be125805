import WeirWire

/// Notes the changes to a body that configuration asks for; every other byte stays.
enum EditBody {
  static func edit(
    _ exchange: Exchange, envelope: Envelope, policy: PolicySnapshot, memberText: (Range<Int>) -> String
  ) throws(Refusal) {
    ApplyScreening.apply(exchange, envelope: envelope)
    if let sent = exchange.sentModel, sent != exchange.askedModel, let range = envelope.range(of: .model) {
      exchange.splice.replace(range, with: JSONText.quoted(sent))
      exchange.edits.append("model")
    }
    try editFallbackList(exchange, envelope: envelope, policy: policy)
    exchange.outputBound = CapOutput.asked(envelope, endpoint: exchange.endpoint, memberText)
    let rules = policy.bodyRules.rules(for: exchange.model)
    if let rules, !rules.parameters.isEmpty {
      EditParameters.edit(
        exchange, rules: rules.parameters, envelope: envelope, policy: policy, memberText: memberText)
    } else {
      fillDefaults(exchange, envelope: envelope, policy: policy)
    }
    BoundTokens.lower(exchange, envelope: envelope, rules: rules?.parameters ?? [], memberText: memberText)
    AskStreamUsage.ask(exchange, envelope: envelope, policy: policy, memberText: memberText)
    if let addition = rules?.systemPromptAddition {
      AddSystemPrompt.add(exchange, addition: addition, envelope: envelope, memberText: memberText)
    }
  }

  /// OpenRouter tries the entries of `models` itself, so they follow the same rules as `model`.
  private static func editFallbackList(
    _ exchange: Exchange, envelope: Envelope, policy: PolicySnapshot
  ) throws(Refusal) {
    var isEdited = false
    let upstream = exchange.aim.flatMap { exchange.plan.target($0) }.map { policy.upstreams[$0.upstream] }
    for entry in envelope.models {
      guard var model = try AuthorizeModel.authorize(entry.value, for: exchange.profile, policy: policy) else {
        continue
      }
      switch policy.killSwitch.decide(model) {
      case .serve: break
      case .fallBack(let fallback, _): model = fallback
      case .refuse: throw DivertKimi.refusal
      }
      let sent = upstream?.name(of: model.upstreamID) ?? model.upstreamID
      guard sent != entry.value else { continue }
      exchange.splice.replace(entry.range, with: JSONText.quoted(sent))
      isEdited = true
    }
    if isEdited { exchange.edits.append("models") }
  }

  private static func fillDefaults(_ exchange: Exchange, envelope: Envelope, policy: PolicySnapshot) {
    guard let model = exchange.model, model.isKimi else { return }
    let fills = ParameterFill.fills(
      for: model, endpoint: exchange.endpoint, hasMaxTokens: envelope.hasMaxTokens,
      hasTemperature: envelope.range(of: .temperature) != nil,
      maxTokens: policy.kimiDefaults.maxTokens, temperature: policy.kimiDefaults.temperature)
    for fill in fills {
      exchange.splice.insertMember(fill.name, json: fill.json, into: envelope)
      exchange.edits.append(fill.name)
      if ParameterFill.maxTokensNames.contains(fill.name) { exchange.outputBound = Int(fill.json) }
    }
  }
}
