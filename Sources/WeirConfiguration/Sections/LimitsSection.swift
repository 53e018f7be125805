import WeirPolicy

/// `limits` and `budgets` as the file says them, names not yet held against clients and models.
struct LimitsSection {
  var rates: [PlacedRule<LimitRule>] = []
  var concurrency: [PlacedRule<ConcurrencyRule>] = []
  var budgets: [PlacedRule<BudgetRule>] = []
  var maximumKeys: Located<Int>?
  var outputCap: Located<Int>?
}

/// A rule and where each part of it stands.
struct PlacedRule<Rule> {
  let rule: Rule
  let name: String
  let key: String
  let origin: ValueOrigin
  var clients: [Located<String>] = []
  var models: [Located<String>] = []
}

extension SectionReader {
  /// The most rules of one kind: each costs work at every request.
  static let maximumRules = 100

  /// `sections` are the file's, by path. Rules with a mistake are reported and left out.
  mutating func limits(_ sections: [String: SectionField]) -> LimitsSection {
    var section = LimitsSection()
    for (index, element) in rules(sections["limits.rates"]).enumerated() {
      if let rule = rate(element, "rate_\(index + 1)") { section.rates.append(rule) }
    }
    for (index, element) in rules(sections["limits.concurrency"]).enumerated() {
      if let rule = concurrency(element, "concurrency_\(index + 1)") { section.concurrency.append(rule) }
    }
    for (index, element) in rules(sections["budgets"]).enumerated() {
      if let rule = budget(element, "budget_\(index + 1)") { section.budgets.append(rule) }
    }
    func bound(_ text: String) throws(ValueProblem) -> Int { try ValueParsers.integer(text, in: 1...10_000_000) }
    section.maximumKeys = located(sections["limits.max_keys"], bound)
    section.outputCap = located(sections["limits.output_cap"], bound)
    return section
  }

  private mutating func rules(_ field: SectionField?) -> [SectionField] {
    let elements = elements(of: field, namedBy: "name")
    guard let field, elements.count > SectionReader.maximumRules else { return elements }
    report(field, "there are \(elements.count) rules", fix: "keep at most \(SectionReader.maximumRules)")
    return []
  }

  private mutating func rate(_ field: SectionField, _ defaultName: String) -> PlacedRule<LimitRule>? {
    let before = problems.count
    let fields = fields(of: field, in: .rate)
    let name = value(fields["name"], ValueParsers.name) ?? defaultName
    let requests = count(fields["requests_per_minute"], upTo: 1_000_000_000)
    let tokens = count(fields["tokens_per_minute"], upTo: 1_000_000_000_000)
    let burst = count(fields["burst"], upTo: 1_000_000_000_000)
    let scope = scope(fields)
    let hasRequests = fields["requests_per_minute"] != nil
    if field.isGroup, hasRequests == (fields["tokens_per_minute"] != nil) {
      report(
        field,
        "the rule has \(hasRequests ? "both" : "neither") requests_per_minute \(hasRequests ? "and" : "nor") "
          + "tokens_per_minute",
        fix: "give one of the two; a second rule can bound the other")
    }
    guard problems.count == before, let perMinute = requests ?? tokens else { return nil }
    let rule = LimitRule(
      name: name, unit: hasRequests ? .requests : .tokens, perMinute: perMinute, burst: burst, scope: scope.scope)
    return PlacedRule(
      rule: rule, name: name, key: field.key, origin: .file(path: path, line: field.line), clients: scope.clients,
      models: scope.models)
  }

  private mutating func concurrency(_ field: SectionField, _ defaultName: String) -> PlacedRule<ConcurrencyRule>? {
    let before = problems.count
    let fields = fields(of: field, in: .concurrency)
    let name = value(fields["name"], ValueParsers.name) ?? defaultName
    let maximum = count(fields["maximum"], upTo: 1_000_000)
    let scope = scope(fields)
    guard problems.count == before, let maximum else { return nil }
    return PlacedRule(
      rule: ConcurrencyRule(name: name, maximum: maximum, scope: scope.scope), name: name, key: field.key,
      origin: .file(path: path, line: field.line), clients: scope.clients, models: scope.models)
  }

  private mutating func scope(
    _ fields: [String: SectionField]
  ) -> (scope: LimitScope, clients: [Located<String>], models: [Located<String>]) {
    let dimensions = values(fields["per"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: LimitScope.Dimension.self)
    }
    let clients = clients(fields["clients"])
    refuseEmpty(fields["models"], "to count all models")
    let models = names(fields["models"])
    let scope = LimitScope(
      per: fields["per"] == nil ? [.client] : Set(dimensions.map(\.value)), clients: clients.map(\.value),
      models: models.map { ModelPattern($0.value) })
    return (scope, clients, models)
  }

  private mutating func clients(_ field: SectionField?) -> [Located<String>] {
    refuseEmpty(field, "to count all clients")
    return locatedValues(field, ValueParsers.name)
  }

  private mutating func budget(_ field: SectionField, _ defaultName: String) -> PlacedRule<BudgetRule>? {
    let before = problems.count
    let fields = fields(of: field, in: .budget)
    let name = value(fields["name"], ValueParsers.name) ?? defaultName
    let period = value(fields["period"]) { text throws(ValueProblem) in
      try ValueParsers.choice(text, of: BudgetPeriod.self)
    }
    let usd = value(fields["usd"]) { text throws(ValueProblem) in
      try ValueParsers.amount(text, maximum: 1e12).value
    }
    let tokens = count(fields["tokens"], upTo: 1_000_000_000_000_000)
    let isHard = value(fields["hard"], ValueParsers.boolean) ?? true
    let isShared = value(fields["total"], ValueParsers.boolean) ?? false
    let clients = clients(fields["clients"])
    if field.isGroup, fields["usd"] == nil, fields["tokens"] == nil {
      report(field, "the budget bounds nothing", fix: "give usd, tokens or both")
    }
    if isShared, let stray = fields["clients"] {
      report(stray, "a total counts all clients", fix: "remove clients, or total")
    }
    guard problems.count == before, let period else { return nil }
    let rule = BudgetRule(
      name: name, period: period.period, owner: isShared ? .everyone : .eachClient(clients.map(\.value)), usd: usd,
      tokens: tokens, isHard: isHard)
    return PlacedRule(
      rule: rule, name: name, key: field.key, origin: .file(path: path, line: field.line), clients: clients)
  }
}

private enum BudgetPeriod: String, CaseIterable {
  case day, month

  var period: BudgetRule.Period {
    switch self {
    case .day: .day
    case .month: .month
    }
  }
}
