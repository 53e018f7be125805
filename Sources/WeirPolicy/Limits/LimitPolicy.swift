/// Everything that bounds how much may be asked and spent; made with the configuration, never changed.
public struct LimitPolicy: Sendable, Equatable {
  /// In the operator's order.
  public var rates: [LimitRule]
  /// In the operator's order.
  public var concurrency: [ConcurrencyRule]
  /// In the operator's order.
  public var budgets: [BudgetRule]
  /// Counts kept at once, over all rules; the least recently used go first.
  public var maximumKeys: Int
  /// Put in as the output bound of a request without one where a hard budget applies, in tokens.
  public var outputCap: Int

  /// No bounds at all.
  public static let none = LimitPolicy()

  /// Describes the bounds.
  public init(
    rates: [LimitRule] = [], concurrency: [ConcurrencyRule] = [], budgets: [BudgetRule] = [],
    maximumKeys: Int = 100_000, outputCap: Int = 4096
  ) {
    self.rates = rates
    self.concurrency = concurrency
    self.budgets = budgets
    self.maximumKeys = max(maximumKeys, 1)
    self.outputCap = max(outputCap, 1)
  }
}
