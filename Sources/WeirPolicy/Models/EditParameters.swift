import WeirWire

/// Applies the parameter rules of the model that serves a request to its body.
///
/// The file's rules come in their order. `KIMI_K2_TEMPERATURE` and `KIMI_K2_MAX_TOKENS` fill in what the model's own
/// defaults leave open: after the rules that fill or scale the same member, since the operator's value is meant for
/// the model as it is, and before all that rename, clamp or drop it.
enum EditParameters {
  static func edit(
    _ exchange: Exchange, rules: [ParameterRule], envelope: Envelope, policy: PolicySnapshot,
    memberText: (Range<Int>) -> String
  ) {
    var rules = boundsAdapted(rules, endpoint: exchange.endpoint, envelope: envelope)
    insertKimiFills(into: &rules, exchange: exchange, envelope: envelope, policy: policy)
    let screening = exchange.screening
    let edits = ParameterPlan.edits(rules, endpoint: exchange.endpoint) { name in
      envelope.member(name).map { screening?.text(of: $0.value, memberText) ?? memberText($0.value) }
    }
    for edit in edits { apply(edit, to: exchange, envelope: envelope) }
    if edits.contains(where: { ParameterFill.maxTokensNames.contains($0.name) }) {
      exchange.outputBound = CapOutput.asked(envelope, endpoint: exchange.endpoint, edits: edits, memberText)
    }
  }

  private static func apply(_ edit: ParameterEdit, to exchange: Exchange, envelope: Envelope) {
    switch (edit.change, envelope.member(edit.name)) {
    case (.insert(let json), nil): exchange.splice.insertMember(edit.name, json: json, into: envelope)
    case (.replace(let json), let member?):
      guard exchange.splice.replace(member.value, with: json) else { return }
    case (.remove, let member?):
      guard exchange.splice.removeMember(member, from: envelope) else { return }
    default: return
    }
    exchange.edits.append(edit.name)
    if let warning = edit.warning { exchange.warnings.append(warning) }
  }

  /// The bound on completion tokens has a name of its own in each API, and a request may say it once: a default for it
  /// is left out where the request has a bound of any name, and bears the endpoint's name elsewhere. A rule that says
  /// its endpoints keeps the name that the operator wrote.
  private static func boundsAdapted(
    _ rules: [ParameterRule], endpoint: Endpoint, envelope: Envelope
  ) -> [ParameterRule] {
    var hasBound = envelope.hasMaxTokens
    return rules.compactMap { rule in
      guard case .fill(let name, let json) = rule.action, ParameterFill.maxTokensNames.contains(name),
        rule.endpoints?.contains(endpoint) ?? true
      else { return rule }
      guard !hasBound, let usual = ParameterFill.maxTokensName(endpoint) else { return nil }
      hasBound = true
      if rule.endpoints != nil || endpoint == .chatCompletions && name == "max_completion_tokens" { return rule }
      return ParameterRule(.fill(usual, json: json))
    }
  }

  private static func insertKimiFills(
    into rules: inout [ParameterRule], exchange: Exchange, envelope: Envelope, policy: PolicySnapshot
  ) {
    guard let model = exchange.model else { return }
    let isBoundFilled = ParameterFill.maxTokensNames.contains { name in
      rules.contains { $0.fills(name) && $0.endpoints?.contains(exchange.endpoint) ?? true }
    }
    let fills = ParameterFill.fills(
      for: model, endpoint: exchange.endpoint, hasMaxTokens: envelope.hasMaxTokens || isBoundFilled,
      hasTemperature: envelope.range(of: .temperature) != nil, maxTokens: policy.kimiDefaults.maxTokens,
      temperature: policy.kimiDefaults.temperature)
    for fill in fills {
      let last = rules.lastIndex { $0.fills(fill.name) || $0.scales(fill.name) }
      rules.insert(ParameterRule(.fill(fill.name, json: fill.json)), at: last.map { $0 + 1 } ?? 0)
    }
  }
}

extension Envelope {
  /// Whether the request has a bound on completion tokens, by any of its names.
  var hasMaxTokens: Bool {
    range(of: .maxTokens) != nil || range(of: .maxCompletionTokens) != nil || range(of: .maxOutputTokens) != nil
  }
}

extension ParameterRule {
  fileprivate func fills(_ name: String) -> Bool {
    if case .fill(name, _) = action { true } else { false }
  }

  fileprivate func scales(_ name: String) -> Bool {
    if case .scale(name, _) = action { true } else { false }
  }
}
