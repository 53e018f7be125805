/// What the store is asked for a request, and told when it is over. A value; part of what a lease holds.
struct FleetHolding: Sendable {
  /// A rate limit, and what the request takes of it.
  struct Count: Sendable {
    let key: FleetKey
    let rule: LimitRule
    let amount: Int
  }

  /// A place in a concurrency limit.
  struct Place: Sendable {
    let key: FleetKey
    let rule: ConcurrencyRule
  }

  /// A budget, and the place of its owner in `owners`.
  struct Budget: Sendable {
    let rule: BudgetRule
    let owner: Int
  }

  let counts: [Count]
  let places: [Place]
  /// Whose spending the budgets are about; nil is everyone.
  let owners: [String?]
  let budgets: [Budget]
  /// What it took of this sidecar's share while the store was away.
  var shares: [RateLimiter.Charge] = []
  /// When the store was asked.
  var askedAt: Int64 = 0
  /// The store was not told of it.
  var isOwed = false
  /// The store is known to have taken it; where it is neither owed nor known, nothing of it is given back.
  var isTaken = false

  /// Whether nothing about it is anybody else's.
  var isEmpty: Bool { counts.isEmpty && places.isEmpty && budgets.isEmpty }
}

/// What comes next for a request that has passed this sidecar's own limits.
public enum FleetStep: Sendable {
  /// It goes on at once.
  case goesOn
  /// It goes on at once, and permits are to be taken for those that come after it.
  case renews(FleetRenewal)
  /// It waits for the store's answer to this call.
  case asks(FleetCall)
}

/// Permits to be taken ahead; `LimitBook.renewed` is told what came of it.
public struct FleetRenewal: Sendable {
  /// What to ask.
  public let call: FleetCall
  let counts: [FleetHolding.Count]
}

/// What came of a call.
public enum FleetAnswer: Sendable {
  /// What the store said.
  case said([UInt8])
  /// The store was asked, and its answer is not known.
  case unknown
  /// The store was not asked.
  case notDone
  /// The store read it, and did nothing of it.
  case refused

  /// Empty where nothing was said.
  var bytes: [UInt8] {
    if case .said(let bytes) = self { bytes } else { [] }
  }

  /// Whether the store is known to have done nothing.
  var isNothingDone: Bool {
    switch self {
    case .said, .unknown: false
    case .notDone, .refused: true
    }
  }
}
