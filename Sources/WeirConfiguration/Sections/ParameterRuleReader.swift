import WeirPolicy
import WeirWire

extension SectionReader {
  /// `defaults`: a fill for each parameter, in the file's order.
  mutating func defaults(_ field: SectionField?) -> [ParameterRule] {
    entries(of: field).compactMap { entry in
      guard let name = checkedParameter(entry.name, at: entry), let json = json(entry, for: name) else {
        return nil
      }
      return ParameterRule(.fill(name, json: json))
    }
  }

  /// `parameters`: the rules in the file's order.
  mutating func parameterRules(_ field: SectionField?) -> [ParameterRule] {
    elements(of: field, namedBy: "").flatMap { parameterRule($0) }
  }

  /// What each kind of rule takes beside itself; `endpoints` goes with all but presets, which say their own.
  private static let companions: [(action: String, keys: Set<String>)] = [
    ("fill", ["value", "endpoints"]), ("rename", ["to", "endpoints"]), ("scale", ["by", "endpoints"]),
    ("clamp", ["min", "max", "endpoints"]), ("drop", ["endpoints"]), ("preset", []),
  ]

  private mutating func parameterRule(_ field: SectionField) -> [ParameterRule] {
    let before = problems.count
    let fields = fields(of: field, in: .rule)
    let actions = SectionReader.companions.filter { fields[$0.action] != nil }
    guard let action = actions.first, actions.count == 1 else {
      if problems.count == before || actions.count > 1 {
        let names = SectionReader.companions.map(\.action).joined(separator: ", ")
        report(
          field, actions.isEmpty ? "the rule says nothing to do" : "the rule says more than one thing to do",
          fix: "give one of \(names) an entry")
      }
      return []
    }
    for (name, stray) in fields.sorted(by: { $0.value.line < $1.value.line })
    where name != action.action && !action.keys.contains(name) {
      report(stray, "\(action.action) takes no \(name)", fix: "remove it")
    }
    if action.action == "preset" { return preset(fields["preset"]) }
    let endpoints = endpoints(fields["endpoints"])
    guard let subject = fields[action.action], let name = value(subject, ValueParsers.parameter) else {
      return []
    }
    return self.action(action.action, name, subject, fields).map { [ParameterRule($0, at: endpoints)] } ?? []
  }

  private mutating func action(
    _ action: String, _ name: String, _ subject: SectionField, _ fields: [String: SectionField]
  ) -> ParameterRule.Action? {
    switch action {
    case "fill":
      return required("value", fields, subject).flatMap { json($0, for: name) }.map { .fill(name, json: $0) }
    case "rename":
      let other = value(required("to", fields, subject), ValueParsers.parameter)
      return other.map { .rename(name, to: $0) }
    case "scale":
      return number(required("by", fields, subject)).map { .scale(name, by: $0) }
    case "clamp":
      let lowest = number(fields["min"])
      let highest = number(fields["max"])
      if fields["min"] == nil, fields["max"] == nil {
        report(subject, "the clamp has no bound", fix: "give min, max or both")
      }
      if let lowest, let highest, lowest > highest {
        report(subject, "min is above max", fix: "exchange them")
      }
      return .clamp(name, lowest: lowest, highest: highest)
    default:
      return .drop(name)
    }
  }

  private mutating func required(
    _ key: String, _ fields: [String: SectionField], _ subject: SectionField
  ) -> SectionField? {
    if fields[key] == nil { report(subject, "\(key) is missing", fix: "give \(key) beside \(subject.name)") }
    return fields[key]
  }

  private mutating func number(_ field: SectionField?) -> Double? {
    value(field) { text throws(ValueProblem) in
      try ValueParsers.jsonNumber(text, minimum: -1e9, maximum: 1e9).value
    }
  }

  private mutating func preset(_ field: SectionField?) -> [ParameterRule] {
    value(field) { text throws(ValueProblem) -> [ParameterRule] in
      switch try ValueParsers.choice(text, of: Preset.self) {
      case .anthropic: [.kimiAnthropicTemperature]
      case .reasoning: ParameterRule.openAIReasoning
      }
    } ?? []
  }

  private mutating func endpoints(_ field: SectionField?) -> Set<Endpoint>? {
    guard let field else { return nil }
    let named = values(field) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: RuleEndpoint.self)
    }
    return Set(named.map(\.value.endpoint))
  }

  private mutating func checkedParameter(_ name: String, at field: SectionField) -> String? {
    do throws(ValueProblem) {
      return try ValueParsers.parameter(name)
    } catch {
      report(field, error.what, fix: error.fix)
      return nil
    }
  }

  /// The value as JSON; parameters that are numbers everywhere must be numbers.
  private mutating func json(_ field: SectionField, for parameter: String) -> String? {
    let json = field.node.json
    guard SectionReader.numericParameters.contains(parameter), !JSONText.isNumber(json) else {
      return json
    }
    report(
      field, "\(parameter) is a number, and this is none", fix: "write a number without quotes, such as 0.6")
    return nil
  }

  private static let numericParameters: Set<String> = [
    "temperature", "top_p", "top_k", "top_a", "min_p", "max_tokens", "max_completion_tokens",
    "max_output_tokens",
    "presence_penalty", "frequency_penalty", "repetition_penalty", "seed", "n",
  ]
}

private enum Preset: String, CaseIterable {
  case anthropic = "kimi_anthropic_temperature"
  case reasoning = "openai_reasoning"
}

private enum RuleEndpoint: String, CaseIterable {
  case chat, completions, responses, messages, embeddings

  var endpoint: Endpoint {
    switch self {
    case .chat: .chatCompletions
    case .completions: .completions
    case .responses: .responses
    case .messages: .messages
    case .embeddings: .embeddings
    }
  }
}

extension FileNode {
  /// The value in JSON: plain numbers keep their spelling, plain `true`, `false` and `null` are what they say
  /// (YAML 1.2, core schema), all other text is a string.
  var json: String {
    switch content {
    case .nothing: "null"
    case .list(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
    case .group(let entries):
      "{" + entries.map { JSONText.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
    case .text(let text, let isPlain):
      isPlain && (JSONText.isNumber(text) || text == "true" || text == "false")
        ? text : JSONText.quoted(text)
    }
  }
}
