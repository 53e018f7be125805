import WeirPolicy

/// Rate limits, concurrency limits and budgets, worked out from the settings and the file's sections.
struct LimitParts {
  let policy: LimitPolicy
  let rows: [EffectiveValue]

  init(_ section: LimitsSection, _ clientParts: ClientParts, _ names: NameChecks, _ resolver: inout SettingsResolver) {
    let rates = LimitParts.rates(&resolver) + section.rates
    let budgets = LimitParts.budgets(&resolver) + section.budgets
    let concurrency = section.concurrency
    resolver.refuseNamesakes(
      rates.map { PlacedName($0) } + concurrency.map { PlacedName($0) } + budgets.map { PlacedName($0) },
      fix: "give each limit and budget a name of its own")
    let clients = rates.map(\.clients) + concurrency.map(\.clients) + budgets.map(\.clients)
    resolver.problems += clients.flatMap(names.deadClients)
    resolver.problems += (rates.map(\.models) + concurrency.map(\.models)).flatMap(names.deadPatterns)

    policy = LimitPolicy(
      rates: rates.map(\.rule) + clientParts.rates, concurrency: concurrency.map(\.rule) + clientParts.concurrency,
      budgets: budgets.map(\.rule) + clientParts.budgets,
      maximumKeys: section.maximumKeys?.value ?? LimitPolicy.none.maximumKeys,
      outputCap: section.outputCap?.value ?? LimitPolicy.none.outputCap)
    let path = resolver.yaml.path
    rows =
      rates.map { .row("limits.rates[\($0.name)]", $0.rule.summary, $0.origin) }
      + concurrency.map { .row("limits.concurrency[\($0.name)]", $0.rule.summary, $0.origin) }
      + [
        .row("limits.max_keys", "\(policy.maximumKeys)", path: path, line: section.maximumKeys?.line),
        .row("limits.output_cap", "\(policy.outputCap)", path: path, line: section.outputCap?.line),
      ] + budgets.map { .row("budgets[\($0.name)]", $0.rule.summary, $0.origin) }
  }

  /// `WEIR_RATE_LIMIT_RPM` and `WEIR_RATE_LIMIT_TPM`.
  private static func rates(_ resolver: inout SettingsResolver) -> [PlacedRule<LimitRule>] {
    let all: [(String, LimitRule.Unit, Setting<Int?>)] = [
      ("rpm", .requests, Settings.rateLimitRequests), ("tpm", .tokens, Settings.rateLimitTokens),
    ]
    return all.compactMap { name, unit, setting in
      guard let perMinute = resolver.value(setting) else { return nil }
      let place = resolver.place(of: setting)
      let rule = LimitRule(name: name, unit: unit, perMinute: perMinute, scope: LimitScope(per: [.client]))
      return PlacedRule(rule: rule, name: name, key: place.key, origin: place.origin)
    }
  }

  /// `WEIR_BUDGET_USD_DAY`.
  private static func budgets(_ resolver: inout SettingsResolver) -> [PlacedRule<BudgetRule>] {
    guard let usd = resolver.value(Settings.budget) else { return [] }
    let place = resolver.place(of: Settings.budget)
    let rule = BudgetRule(name: "usd_day", period: .day, owner: .eachClient([]), usd: usd.value)
    return [PlacedRule(rule: rule, name: rule.name, key: place.key, origin: place.origin)]
  }
}
