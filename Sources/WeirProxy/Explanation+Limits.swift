import WeirConfiguration
import WeirPolicy

/// What limits and budgets say. The running proxy's counts are its own: here no other request is counted, and budgets have
/// spent what their state file says.
extension Explanation {
  mutating func restoreSpending(_ limits: LimitBook, _ configuration: Configuration) {
    guard let path = configuration.budgetStateFile, !configuration.limitPolicy.budgets.isEmpty else { return }
    do throws(SpendingFileError) {
      _ = try SpendingOnDisk.restore(path, to: limits, isAlone: false)
    } catch {
      lines.append("warning: what budgets have spent is not known: \(error)")
    }
  }

  mutating func describe(_ rules: CoveringRules, _ exchange: Exchange, _ configuration: Configuration) {
    for rule in rules.rates {
      let tokens = min(exchange.estimate?.total ?? 0, rule.burst)
      let amount = rule.unit == .requests ? "1" : "about \(tokens)"
      lines.append(
        "limit: \(rule.name), \(rule.summary); takes \(amount)"
          + origin("limits.rates[\(rule.name)]", rule.summary, exchange.client, configuration))
    }
    for rule in rules.concurrency {
      lines.append(
        "limit: \(rule.name), \(rule.summary); takes 1"
          + origin("limits.concurrency[\(rule.name)]", rule.summary, exchange.client, configuration))
    }
    let file = configuration.budgetStateFile.map { " by \($0)" } ?? ""
    for budget in rules.budgets {
      let rule = budget.rule
      let spent = Self.amount(budget.spent, of: rule)
      let reserved = Self.amount(rules.reserved, of: rule)
      lines.append(
        "budget: \(rule.name), \(rule.summary); spent \(spent)\(file), reserves \(reserved)"
          + origin("budgets[\(rule.name)]", rule.summary, exchange.client, configuration))
    }
  }

  /// In the units that the budget bounds.
  private static func amount(_ amount: CoveringRules.Amount, of rule: BudgetRule) -> String {
    [rule.usd.map { _ in "USD \(amount.dollars)" }, rule.tokens.map { _ in "\(amount.tokens) tokens" }]
      .compactMap { $0 }.joined(separator: " and ")
  }

  /// A client's own rules have the names of the ones that are for all, and stand in its entry.
  private func origin(
    _ name: String, _ summary: String, _ client: String, _ configuration: Configuration
  ) -> String {
    let isForAll = configuration.sections.contains { $0.name == name && $0.text == summary }
    return section(isForAll ? name : "clients[\(client)]", configuration)
  }
}
