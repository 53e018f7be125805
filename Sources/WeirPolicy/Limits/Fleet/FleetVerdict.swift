/// What the store answered to a request's admission.
struct FleetVerdict: Sendable, Equatable {
  enum Decision: Sendable, Equatable {
    case passes
    /// By the budget at this place of those that were asked.
    case overBudget(Int, BudgetBook.Shortage.Reason)
    /// By the concurrency limit at this place.
    case full(Int)
    /// By the rate limit at this place; after so many nanoseconds, nil for never.
    case waits(Int, Int64?)
  }

  /// One rate limit, after the decision.
  struct Count: Sendable, Equatable {
    let remaining: Int
    /// Nanoseconds until the whole burst is there again.
    let reset: Int64
    /// Permits that were taken ahead.
    let granted: Int
  }

  let decision: Decision
  /// Seconds since 1970, by the store's clock.
  let wall: Int64
  /// In the order that they were asked in.
  let counts: [Count]
  let owners: [FleetSpending]

  /// Nil for what is no answer to such a question.
  init?(_ bytes: [UInt8], counts countsAsked: Int, places: Int, owners ownersAsked: Int, budgets: Int) {
    var numbers = FleetNumbers(bytes)
    guard let kind = numbers.next(), let which = numbers.next(), let detail = numbers.next(), let now = numbers.next(),
      let decision = Decision(
        kind: kind, place: Int(clamping: which) &- 1, detail: detail, places: [budgets, places, countsAsked])
    else { return nil }
    self.decision = decision
    wall = now / 1_000_000
    var counts: [Count] = []
    for _ in 0..<countsAsked {
      guard let remaining = numbers.next(), let reset = numbers.next(), let granted = numbers.next(), granted >= 0
      else { return nil }
      counts.append(
        Count(
          remaining: Int(min(max(remaining, 0), FleetVerdict.most)), reset: FleetVerdict.nanoseconds(reset),
          granted: Int(min(granted, FleetVerdict.most))))
    }
    self.counts = counts
    var owners: [FleetSpending] = []
    for _ in 0..<ownersAsked {
      guard let owner = FleetSpending(&numbers) else { return nil }
      owners.append(owner)
    }
    self.owners = owners
  }

  /// Cells that a count can have: whatever a store says, sums of them do not overflow.
  private static let most = Int64(GCRA.largest)

  /// Of microseconds.
  static func nanoseconds(_ microseconds: Int64) -> Int64 {
    let (product, overflows) = max(microseconds, 0).multipliedReportingOverflow(by: 1000)
    return overflows ? .max : product
  }
}

extension FleetVerdict.Decision {
  /// - Parameter places: how many budgets, concurrency limits and rate limits were asked.
  init?(kind: Int64, place: Int, detail: Int64, places: [Int]) {
    if kind == 0 {
      self = .passes
      return
    }
    guard (1...3).contains(kind), (0..<places[Int(kind) - 1]).contains(place) else { return nil }
    switch kind {
    case 1:
      let reasons: [Int64: BudgetBook.Shortage.Reason] = [1: .usedUp, 2: .tooLarge, 3: .held]
      guard let reason = reasons[detail] else { return nil }
      self = .overBudget(place, reason)
    case 2: self = .full(place)
    default: self = .waits(place, detail < 0 ? nil : FleetVerdict.nanoseconds(detail))
    }
  }
}
