/// What a client is told that a limit or budget does not let through. The texts name the rule and what it allows, never
/// what others have used.
enum LimitRefusal {
  private static let nanosecondsPerSecond: Int64 = 1_000_000_000
  private static let nanosecondsPerMillisecond: Int64 = 1_000_000
  /// A guess at how soon a request in flight ends: short, since a long wait would waste a budget that is free again.
  private static let secondsForHeldBudget = 5
  /// The field has to be there. Short, since a router before this proxy that heeds nothing else sends nothing for so long,
  /// and shorter requests would pass.
  private static let secondsForTooLarge = 1

  static func refusal(_ delay: RateLimiter.Delay) -> Refusal {
    let rule = delay.rule
    guard let wait = delay.wait else {
      return Refusal(
        .rateLimitExceeded,
        "the request has about \(delay.amount) \(rule.unit.rawValue), and the limit `\(rule.name)` never lets more than "
          + "\(rule.burst) through at once",
        remedy: "Send a shorter request; waiting does not help.", retryAfterSeconds: secondsForTooLarge,
        limit: rule.name, fields: [.shouldNotRetry] + delay.view.fields)
    }
    let seconds = Int(clamping: max(ResetDuration.roundedUp(wait, nanosecondsPerSecond), 1))
    let milliseconds = max(ResetDuration.roundedUp(wait, nanosecondsPerMillisecond), 1)
    return Refusal(
      .rateLimitExceeded,
      "the limit `\(rule.name)` of \(rule.perMinute) \(rule.unit.rawValue) a minute is reached",
      remedy: "Try again in \(ResetDuration.text(wait)).", retryAfterSeconds: seconds, limit: rule.name,
      fields: [Refusal.Field(name: "retry-after-ms", value: "\(milliseconds)")] + delay.view.fields)
  }

  static func refusal(_ full: ConcurrencyTable.Full) -> Refusal {
    Refusal(
      .rateLimitExceeded,
      "the limit `\(full.rule.name)` of \(full.rule.maximum) requests at the same time is reached",
      remedy: "Try again when one of the requests in flight has ended.", retryAfterSeconds: 1,
      limit: full.rule.name)
  }

  static func refusal(_ shortage: BudgetBook.Shortage) -> Refusal {
    let name = shortage.rule.name
    let period = "UTC \(shortage.rule.period.rawValue)"
    switch shortage.reason {
    case .usedUp:
      return Refusal(
        .budgetExceeded, "the budget `\(name)` of this \(period) is used up",
        remedy: "Wait for the next \(period), or ask the operator of this proxy for more.",
        retryAfterSeconds: shortage.secondsLeft, limit: name, fields: [.shouldNotRetry])
    case .tooLarge:
      return Refusal(
        .budgetExceeded, "the request could cost more than is left of the budget `\(name)` of this \(period)",
        remedy: "Ask for less output (max_tokens) or send less input, or wait for the next \(period).",
        retryAfterSeconds: shortage.secondsLeft, limit: name, fields: [.shouldNotRetry])
    case .held:
      return Refusal(
        .budgetExceeded, "requests in flight may need what is left of the budget `\(name)` of this \(period)",
        remedy: "Try again when they have ended, or ask for less output (max_tokens).",
        retryAfterSeconds: secondsForHeldBudget, limit: name)
    }
  }
}

extension LimitBook.Denial {
  /// What the client is told.
  var refusal: Refusal {
    switch self {
    case .budget(let shortage): LimitRefusal.refusal(shortage)
    case .concurrency(let full): LimitRefusal.refusal(full)
    case .rate(let delay): LimitRefusal.refusal(delay)
    }
  }
}
