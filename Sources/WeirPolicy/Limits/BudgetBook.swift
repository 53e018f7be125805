/// All budgets and what was spent of them; a value. Times are seconds since 1970 UTC of the wall clock.
///
/// Spending is kept by owner (each client, and everyone together) and not by rule, so that a rule that is changed or added
/// by a reload sees all of it. A request reserves its worst case before it is sent and settles to what it really used;
/// reservations are not bound to a period, and what is settled counts in the period that it is settled in.
///
/// **Overspend bound.** A hard budget lets a request start only while spent + reserved + its worst case is within the
/// budget, and settling changes spent + reserved by actual - reserved. So what is spent in a period is at most the
/// budget plus the sum of max(0, actual - reserved) over the requests that were in flight when the last one was let
/// through. That sum is zero when no upstream charges more than the catalog's prices for at most the reserved tokens. A
/// request whose price is not known reserves no money: its whole cost is in the sum.
struct BudgetBook: Sendable {
  /// What a request holds of the budgets.
  struct Reservation: Sendable, Equatable {
    let client: String
    let amount: OwnerSpending.Amount
    /// Output bound for one reply that the request must be given; nil when it has one or needs none.
    var outputCap: Int?
    /// Soft budgets that are used up already.
    var softBudgetsUsedUp: [String] = []
  }

  /// Why a request must not start.
  struct Shortage: Error, Sendable, Equatable {
    /// What would help.
    enum Reason: Equatable {
      /// Only the next period.
      case usedUp
      /// A smaller request, or the next period.
      case tooLarge
      /// The end of requests in flight, which hold what is left.
      case held
    }

    let rule: BudgetRule
    let reason: Reason
    /// Seconds until the next period begins, at least 1.
    let secondsLeft: Int
  }

  private(set) var rules: [BudgetRule] = []
  private var index = RuleIndex()
  private var outputCap = 1
  var clients: [String: OwnerSpending] = [:]
  var everyone = OwnerSpending()
  /// Goes up whenever something is spent or restored.
  var version: UInt64 = 0

  /// Reserved money of one request in nano-dollars: a million dollars. A thousand requests in flight are then far from
  /// the largest amount.
  private static let largestReservation: Int64 = 1_000_000_000_000_000

  /// Whether there is any budget.
  var isEmpty: Bool { rules.isEmpty }

  /// A reload. Spending and reservations stay.
  mutating func replace(_ rules: [BudgetRule], outputCap: Int) {
    self.rules = rules
    index = RuleIndex(
      clients: rules.map { rule in
        if case .eachClient(let names) = rule.owner { names } else { [] }
      })
    self.outputCap = max(outputCap, 1)
  }

  /// What a request would reserve; throws the hard budget that it could go over. Changes nothing.
  ///
  /// Where weir itself has to choose the output bound and the usual one does not fit what is left, half of it is tried,
  /// and half of that, as long as an answer may still come of it. Not so for a model that takes no bound: a smaller one
  /// would make the reply no shorter.
  ///
  /// - Parameter prices: of the model; nil when they are not known.
  func plan(
    client: String, estimate: TokenEstimate, prices: ModelPrices?, wall: Int64
  ) throws(Shortage) -> Reservation {
    let binding = binding(client)
    guard estimate.outputBound == nil, binding.contains(where: \.isHard) else {
      return try plan(client: client, estimate, prices, binding: binding, cap: nil, wall: wall)
    }
    var cap = max(outputCap, estimate.unheldOutput ?? 0)
    while true {
      do throws(Shortage) {
        return try plan(client: client, estimate, prices, binding: binding, cap: cap, wall: wall)
      } catch {
        guard estimate.unheldOutput == nil, cap / 2 >= BudgetBook.smallestCap else { throw error }
        cap /= 2
      }
    }
  }

  /// Fewer tokens are no answer.
  private static let smallestCap = 64

  private func plan(
    client: String, _ estimate: TokenEstimate, _ prices: ModelPrices?, binding: [BudgetRule], cap: Int?, wall: Int64
  ) throws(Shortage) -> Reservation {
    let output = estimate.outputBound ?? cap.map { $0.multipliedClamped(by: estimate.choices) } ?? estimate.output
    let worst = BudgetBook.worstCase(input: estimate.inputBound, output: output, prices: prices)
    var softBudgetsUsedUp: [String] = []
    for rule in binding {
      let owner = spending(rule.owner, client)
      let tally = owner.tally(rule.period, at: wall)
      if rule.isHard {
        let reason = BudgetBook.shortage(
          rule, spent: tally.spent, reserved: owner.reserved, worst: worst, isPriced: prices != nil)
        if let reason {
          let left = BudgetCalendar.end(of: rule.period, from: tally.start) - max(wall, 0)
          throw Shortage(rule: rule, reason: reason, secondsLeft: max(Int(clamping: left), 1))
        }
      } else if BudgetBook.isUsedUp(rule, tally.spent) {
        softBudgetsUsedUp.append(rule.name)
      }
    }
    return Reservation(
      client: client, amount: worst, outputCap: cap, softBudgetsUsedUp: softBudgetsUsedUp)
  }

  /// The request goes ahead.
  mutating func hold(_ reservation: Reservation) {
    clients[reservation.client, default: OwnerSpending()].reserve(reservation.amount)
    everyone.reserve(reservation.amount)
  }

  /// The request is over and cost nothing.
  mutating func release(_ reservation: Reservation) {
    clients[reservation.client]?.unreserve(reservation.amount)
    everyone.unreserve(reservation.amount)
  }

  /// A request is over and used this much.
  mutating func spend(client: String, _ amount: OwnerSpending.Amount, wall: Int64) {
    clients[client, default: OwnerSpending()].spend(amount, at: wall)
    everyone.spend(amount, at: wall)
    version &+= 1
  }

  /// What is left of each client's tightest budget in money, in US dollars and not below zero, by name; clients that
  /// were seen or are named by a rule and that a rule binds.
  func remaining(wall: Int64) -> [(client: String, usd: Double)] {
    var names = Set(clients.keys)
    for case .eachClient(let named) in rules.map(\.owner) { names.formUnion(named) }
    return names.sorted().compactMap { client in
      let left = binding(client).compactMap { rule -> Double? in
        guard let usd = rule.usd else { return nil }
        let spent = spending(rule.owner, client).tally(rule.period, at: wall).spent.usd
        return max(NanoUSD(rounding: usd).dollars - spent.dollars, 0)
      }
      return left.min().map { (client, $0) }
    }
  }

  /// Lets go of clients of whom nothing counts any more, where there are very many: names may come and go for as long as
  /// the process and its file live. Few are kept for good: the clock may be wrong, and nothing is to be un-spent by it.
  mutating func forgetPast(wall: Int64) {
    guard clients.count > BudgetBook.keptClients else { return }
    let oldest = max(wall, 0) - BudgetBook.keptSeconds
    let nothing = OwnerSpending.Amount()
    let kept = clients.filter { $0.value.reserved != nothing || $0.value.latestStart >= oldest }
    guard kept.count < clients.count else { return }
    clients = kept
    version &+= 1
  }

  /// Clients that are kept whenever they were last seen.
  static let keptClients = 10_000
  /// Two months, as in the store of a fleet.
  static let keptSeconds: Int64 = 62 * 86_400

  /// What was spent, for a file; reservations are not part of it.
  func snapshot() -> [SavedSpending] {
    let owners = [(nil, everyone)] + clients.sorted { $0.key < $1.key }.map { (Optional($0.key), $0.value) }
    return owners.flatMap { client, owner in
      [BudgetRule.Period.day, .month].compactMap { period in
        let tally = owner.kept(period)
        guard tally.spent != OwnerSpending.Amount() else { return nil }
        return SavedSpending(
          client: client, period: period, start: tally.start, nanoUSD: tally.spent.usd.value,
          tokens: tally.spent.tokens)
      }
    }
  }

  /// Takes over what was saved; see `OwnerSpending.restore`.
  mutating func restore(_ saved: [SavedSpending]) {
    take(saved) { owner, tally, period in owner.restore(tally, period) }
  }

  /// Adds what another process spent; see `OwnerSpending.add`.
  mutating func add(_ saved: [SavedSpending]) {
    take(saved) { owner, tally, period in owner.add(tally, period) }
  }

  private mutating func take(
    _ saved: [SavedSpending], by rule: (inout OwnerSpending, OwnerSpending.Tally, BudgetRule.Period) -> Void
  ) {
    for entry in saved {
      let amount = OwnerSpending.Amount(usd: NanoUSD(max(entry.nanoUSD, 0)), tokens: max(entry.tokens, 0))
      let start = BudgetCalendar.start(of: entry.period, at: entry.start)
      let tally = OwnerSpending.Tally(start: start, spent: amount)
      if let client = entry.client {
        rule(&clients[client, default: OwnerSpending()], tally, entry.period)
      } else {
        rule(&everyone, tally, entry.period)
      }
    }
    version &+= 1
  }

  /// What all requests in flight hold.
  var reserved: OwnerSpending.Amount { everyone.reserved }

  /// What an owner has spent in the period of a time; nil asks for everyone.
  func spent(client: String?, _ period: BudgetRule.Period, wall: Int64) -> OwnerSpending.Amount {
    (client.map { clients[$0] ?? OwnerSpending() } ?? everyone).tally(period, at: wall).spent
  }

  func spending(_ owner: BudgetRule.Owner, _ client: String) -> OwnerSpending {
    switch owner {
    case .eachClient: clients[client] ?? OwnerSpending()
    case .everyone: everyone
    }
  }

  /// The budgets that a client's requests count for.
  func binding(_ client: String) -> [BudgetRule] { index.rules(for: client).map { rules[$0] } }

  /// The dearest that so many tokens can be by the catalog, whatever part of them is cached or reasoning.
  private static func worstCase(input: Int, output: Int, prices: ModelPrices?) -> OwnerSpending.Amount {
    var usd = NanoUSD.zero
    if let prices {
      let dollars =
        Double(input) * max(prices.input, prices.cached ?? 0)
        + Double(output) * max(prices.output, prices.reasoning ?? 0)
      usd = min(NanoUSD(roundingUp: dollars / 1_000_000), NanoUSD(largestReservation))
    }
    return OwnerSpending.Amount(usd: usd, tokens: Int64(clamping: input).addingSaturating(Int64(clamping: output)))
  }

  /// Why a hard budget does not let a request start; nil when it does.
  static func shortage(
    _ rule: BudgetRule, spent: OwnerSpending.Amount, reserved: OwnerSpending.Amount, worst: OwnerSpending.Amount,
    isPriced: Bool, limits: OwnerSpending.Amount? = nil
  ) -> Shortage.Reason? {
    var reason: Shortage.Reason?
    if let usd = rule.usd {
      let limit = limits?.usd.value ?? NanoUSD(rounding: usd).value
      // Where no price is known, nothing is reserved, and a budget that is used up must still hold.
      let worst = isPriced ? worst.usd.value : 1
      reason = shortage(limit, spent: spent.usd.value, reserved: reserved.usd.value, worst: worst)
    }
    guard let tokens = rule.tokens, reason != .usedUp else { return reason }
    let other = shortage(
      limits?.tokens ?? Int64(clamping: max(tokens, 0)), spent: spent.tokens, reserved: reserved.tokens,
      worst: max(worst.tokens, 1))
    guard let first = reason, let second = other else { return reason ?? other }
    return first == .held ? second : first
  }

  private static func shortage(_ limit: Int64, spent: Int64, reserved: Int64, worst: Int64) -> Shortage.Reason? {
    // What costs nothing may go on when nothing is left.
    guard worst > 0, spent.addingSaturating(reserved).addingSaturating(worst) > limit else { return nil }
    if spent >= limit { return .usedUp }
    return spent.addingSaturating(worst) > limit ? .tooLarge : .held
  }

  static func isUsedUp(_ rule: BudgetRule, _ spent: OwnerSpending.Amount) -> Bool {
    let isMoneyGone = rule.usd.map { spent.usd >= NanoUSD(rounding: $0) } ?? false
    let areTokensGone = rule.tokens.map { spent.tokens >= Int64(clamping: $0) } ?? false
    return isMoneyGone || areTokensGone
  }
}

extension Int {
  /// The product of two counts that are not negative, or the largest one.
  fileprivate func multipliedClamped(by other: Int) -> Int {
    let (product, overflows) = multipliedReportingOverflow(by: other)
    return overflows ? .max : product
  }
}
