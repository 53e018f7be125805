import WeirPolicy
import WeirWire

/// `screening` as the file says it, names not yet held against clients and models.
struct ScreeningSection {
  var rules: [PlacedRule<ContentRule>] = []
  var tokens: [PlacedRule<TokenRule>] = []
  var tools: [PlacedRule<ToolRule>] = []
  var unread: Located<ScreeningPolicy.Unread>?
}

extension SectionReader {
  /// Rules with a mistake are reported and left out.
  mutating func screening(_ field: SectionField?) -> ScreeningSection {
    var section = ScreeningSection()
    guard let field else { return section }
    let fields = fields(of: field, in: .screening)
    for element in screeningRules(fields["rules"]) {
      if let rule = contentRule(element) { section.rules.append(rule) }
    }
    for element in screeningRules(fields["tokens"]) {
      if let bounds = tokenBounds(element) { section.tokens.append(bounds) }
    }
    for element in screeningRules(fields["tools"]) {
      if let rule = toolRule(element) { section.tools.append(rule) }
    }
    section.unread = located(fields["unread"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: ScreeningPolicy.Unread.self)
    }
    return section
  }

  private mutating func screeningRules(_ field: SectionField?) -> [SectionField] {
    let elements = elements(of: field, namedBy: "name")
    guard let field, elements.count > SectionReader.maximumRules else { return elements }
    report(field, "there are \(elements.count) rules", fix: "keep at most \(SectionReader.maximumRules)")
    return []
  }

  private mutating func contentRule(_ field: SectionField) -> PlacedRule<ContentRule>? {
    let before = problems.count
    let fields = fields(of: field, in: .screeningRule)
    let name = value(fields["name"]) { text throws(ValueProblem) in try ValueParsers.ruleName(text) }
    let action = value(fields["action"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: ContentRule.Action.self)
    }
    let content = content(field, fields)
    let roles = values(fields["in"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: RoleName.self).role
    }
    refuseEmpty(fields["in"], "to look into all texts")
    let placeholder = value(fields["placeholder"], ValueParsers.caption)
    if let stray = fields["placeholder"], let action, action != .redact {
      report(stray, "only a rule that redacts has a placeholder", fix: "remove it, or set action: redact")
    }
    let scope = screeningScope(fields)
    guard problems.count == before, let name, let action, let content else { return nil }
    let rule = ContentRule(
      name: name, content: content, action: action,
      roles: fields["in"] == nil ? .all : TextRoles(roles.map(\.value)), scope: scope.scope, placeholder: placeholder)
    return placed(rule, name: name, field, scope)
  }

  private mutating func content(_ field: SectionField, _ fields: [String: SectionField]) -> ContentRule.Content? {
    if let pattern = fields["pattern"], let stray = fields["builtin"] {
      report(stray, "the rule has a pattern too", fix: "give one of the two; a second rule can have the other")
      _ = self.pattern(pattern)
      return nil
    }
    if let pattern = fields["pattern"] { return self.pattern(pattern).map { .pattern($0) } }
    if field.isGroup, fields["builtin"] == nil {
      report(field, "the rule looks for nothing", fix: "give a pattern, or a builtin such as secrets")
    }
    return value(fields["builtin"]) { text throws(ValueProblem) in
      .builtIn(try ValueParsers.choice(text, of: BuiltInContent.self))
    }
  }

  /// White space counts, so the text is taken as it stands.
  private mutating func pattern(_ field: SectionField) -> String? {
    guard case .text(let text, _) = field.node.content else {
      report(field, "the value is \(field.node.kind)", fix: "give one regular expression, in single quotes")
      return nil
    }
    guard let fault = TextPatterns.fault(of: text) else { return text }
    let (what, fix) = fault.told
    report(field, what, fix: fix)
    return nil
  }

  private mutating func tokenBounds(_ field: SectionField) -> PlacedRule<TokenRule>? {
    let before = problems.count
    let fields = fields(of: field, in: .screeningTokens)
    let input = count(fields["max_input_tokens"], upTo: 1_000_000_000)
    let output = count(fields["max_output_tokens"], upTo: 1_000_000_000)
    let over = value(fields["over"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: TokenRule.Excess.self)
    }
    let absent = value(fields["absent"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: TokenRule.Absence.self)
    }
    let scope = screeningScope(fields)
    if field.isGroup, fields["max_input_tokens"] == nil, fields["max_output_tokens"] == nil {
      report(field, "the entry bounds nothing", fix: "give max_input_tokens, max_output_tokens or both")
    }
    for name in ["over", "absent"] where fields["max_output_tokens"] == nil {
      guard let stray = fields[name] else { continue }
      report(stray, "\(name) is about max_output_tokens, which is not there", fix: "give it, or remove \(name)")
    }
    guard problems.count == before else { return nil }
    let bounds = TokenRule(
      scope: scope.scope, maximumInput: input, maximumOutput: output, over: over ?? .refuse, absent: absent ?? .pass)
    return placed(bounds, name: field.name, field, scope)
  }

  private mutating func toolRule(_ field: SectionField) -> PlacedRule<ToolRule>? {
    let before = problems.count
    let fields = fields(of: field, in: .screeningTools)
    refuseEmpty(fields["allow"], "to allow all tools but the denied ones")
    let allow = values(fields["allow"], ValueParsers.toolPattern).map(\.value)
    let deny = values(fields["deny"], ValueParsers.toolPattern).map(\.value)
    let onOffer = value(fields["requests"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: ToolRule.OnOffer.self)
    }
    let onReply = value(fields["replies"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: ToolPermissions.OnReply.self)
    }
    let onHistory = value(fields["history"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: ToolRule.OnHistory.self)
    }
    let scope = screeningScope(fields)
    if field.isGroup, fields["allow"] == nil, fields["deny"] == nil {
      report(field, "the entry names no tool", fix: "give allow, deny or both")
    }
    guard problems.count == before else { return nil }
    let rule = ToolRule(
      scope: scope.scope,
      permissions: ToolPermissions(
        allow: allow.map { ModelPattern($0) }, deny: deny.map { ModelPattern($0) }, onReply: onReply ?? .pass),
      onOffer: onOffer ?? .refuse, onHistory: onHistory ?? .pass)
    return placed(rule, name: field.name, field, scope)
  }

  private typealias Scope = (scope: ScreeningScope, clients: [Located<String>], models: [Located<String>])

  private mutating func screeningScope(_ fields: [String: SectionField]) -> Scope {
    refuseEmpty(fields["clients"], "to mean all clients")
    refuseEmpty(fields["models"], "to mean all models")
    let clients = locatedValues(fields["clients"], ValueParsers.name)
    let models = names(fields["models"])
    let scope = ScreeningScope(clients: clients.map(\.value), models: models.map { ModelPattern($0.value) })
    return (scope, clients, models)
  }

  private func placed<Rule>(_ rule: Rule, name: String, _ field: SectionField, _ scope: Scope) -> PlacedRule<Rule> {
    PlacedRule(
      rule: rule, name: name, key: field.key, origin: .file(path: path, line: field.line), clients: scope.clients,
      models: scope.models)
  }
}

/// The roles as the file names them.
private enum RoleName: String, CaseIterable {
  case user, system, assistant, tool

  var role: TextRole {
    switch self {
    case .user: .user
    case .system: .system
    case .assistant: .assistant
    case .tool: .tool
    }
  }
}

extension PatternFault {
  /// What is wrong, and what would be right.
  fileprivate var told: (what: String, fix: String) {
    switch self {
    case .invalid(let reason):
      (
        "the pattern is not in RE2's syntax (\(reason))",
        fix: "correct it; RE2 has no back references and no look-around, so that every search takes linear time"
      )
    case .tooLarge:
      (
        "the pattern is too large (over \(TextPatterns.maximumBytes) bytes, or \(TextPatterns.maximumProgram) "
          + "instructions when compiled)", fix: "use smaller repetition counts, or several rules"
      )
    case .matchesEmpty:
      ("the pattern matches a text of no length, so it is found everywhere", fix: "ask for one character at least")
    case .matchesAll:
      ("the pattern matches every character, so it would take all of every text", fix: "say what is looked for")
    case .outOfMemory: ("there is no memory for the pattern", fix: "make it smaller")
    }
  }
}

extension ValueParsers {
  /// A rule's name; those of the other parts of screening are taken.
  fileprivate static func ruleName(_ text: String) throws(ValueProblem) -> String {
    guard text != "tools", text != "tokens" else {
      throw ValueProblem("the name \(text) is one of weir's own in metrics", fix: "choose another")
    }
    return try name(text)
  }

  /// A tool's name with `*` for any characters.
  static func toolPattern(_ text: String) throws(ValueProblem) -> String {
    guard (1...256).contains(text.utf8.count), !ASCII.hasControl(text) else {
      throw ValueProblem(
        "\(ValueProblem.quoted(text)) is no tool's name", fix: "use 1 to 256 bytes, * for any characters")
    }
    return text
  }
}
