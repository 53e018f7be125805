import Synchronization

/// The limits and budgets that are about a request, for people who ask; in the operator's order.
public struct CoveringRules: Sendable, Equatable {
  /// Money and tokens.
  public struct Amount: Sendable, Equatable {
    /// Billionths of a US dollar.
    public let nanoUSD: Int64
    /// Input and output together.
    public let tokens: Int64

    init(_ amount: OwnerSpending.Amount) {
      nanoUSD = amount.usd.value
      tokens = amount.tokens
    }

    /// US dollars in full, without zeros at the end.
    public var dollars: String {
      let (whole, rest) = nanoUSD.quotientAndRemainder(dividingBy: 1_000_000_000)
      guard rest != 0 else { return "\(whole)" }
      let digits = "\(rest)"
      let padded = String(repeating: "0", count: max(9 - digits.utf8.count, 0)) + digits
      return "\(whole)." + padded.prefix(through: padded.lastIndex { $0 != "0" } ?? padded.startIndex)
    }
  }

  /// A budget and what of its period is gone.
  public struct Budget: Sendable, Equatable {
    /// The budget.
    public let rule: BudgetRule
    /// By its owner, in the period of now.
    public let spent: Amount
  }

  /// On requests and tokens a minute.
  public let rates: [LimitRule]
  /// On requests in flight.
  public let concurrency: [ConcurrencyRule]
  /// By day and month.
  public let budgets: [Budget]
  /// What all requests in flight hold of the budgets.
  public let reserved: Amount
}

extension LimitBook {
  /// Those that a request of the subject is counted for.
  ///
  /// - Parameter wall: seconds since 1970.
  public func rules(covering subject: LimitSubject, wall: Int64) -> CoveringRules {
    let counted = CountedSubject(subject)
    func covers(_ scope: LimitScope) -> Bool { RuleScope(id: 0, scope: scope).covers(counted) }
    return state.withLock { state in
      let now = state.budgetTime(wall)
      return CoveringRules(
        rates: state.policy.rates.filter { covers($0.scope) },
        concurrency: state.policy.concurrency.filter { covers($0.scope) },
        budgets: state.budgets.binding(counted.client).map { rule in
          let tally = state.budgets.spending(rule.owner, counted.client).tally(rule.period, at: now)
          return CoveringRules.Budget(rule: rule, spent: CoveringRules.Amount(tally.spent))
        },
        reserved: CoveringRules.Amount(state.budgets.reserved))
    }
  }
}
