extension LimitScope {
  /// What follows a bound.
  fileprivate var summary: String {
    let each = LimitScope.Dimension.allCases.filter(dimensions.contains).map(\.rawValue).joined(separator: " and ")
    var text = each.isEmpty ? ", all together" : ", per \(each)"
    if !clients.isEmpty { text += ", clients " + clients.joined(separator: ",") }
    if !models.isEmpty { text += ", models " + models.map(\.description).joined(separator: ",") }
    return text
  }
}

extension LimitRule {
  /// What `weir check` and `weir explain` say of it.
  public var summary: String { "\(perMinute) \(unit.rawValue) a minute, burst \(burst)" + scope.summary }
}

extension ConcurrencyRule {
  /// What `weir check` and `weir explain` say of it.
  public var summary: String { "\(maximum) in flight" + scope.summary }
}

extension BudgetRule {
  /// What `weir check` and `weir explain` say of it.
  public var summary: String {
    let bounds = [usd.map { "USD \($0)" }, tokens.map { "\($0) tokens" }].compactMap { $0 }
    let who =
      switch owner {
      case .everyone: "all clients together"
      case .eachClient(let names): names.isEmpty ? "each client" : "each of " + names.joined(separator: ",")
      }
    return bounds.joined(separator: " and ") + " a \(period.rawValue), \(who), \(isHard ? "hard" : "soft")"
  }
}
