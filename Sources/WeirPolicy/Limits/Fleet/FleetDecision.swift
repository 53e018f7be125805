// What the fleet has to do with one request, from its admission to its settlement. All within `LimitBook`'s lock.
extension LimitBook.State {
  /// A request holds all that it needs of this sidecar; nil where nothing is shared.
  mutating func enterFleet(
    _ subject: CountedSubject, charges: [RateLimiter.Charge], reservation: BudgetBook.Reservation?
  ) -> FleetHolding? {
    guard fleet != nil else { return nil }
    let counts = charges.compactMap { charge in
      rates.rule(of: charge).map { rule in
        let key = FleetKey(rule: rule.name, unit: rule.unit.rawValue, scope: rule.scope, subject: subject)
        return FleetHolding.Count(key: key, rule: rule, amount: charge.amount)
      }
    }
    let places = concurrency.rules(covering: subject).map { rule in
      let key = FleetKey(rule: rule.name, unit: "places", scope: rule.scope, subject: subject)
      return FleetHolding.Place(key: key, rule: rule)
    }
    let claims = reservation.map { budgets.claims($0.client) } ?? (owners: [], budgets: [])
    let holding = FleetHolding(counts: counts, places: places, owners: claims.owners, budgets: claims.budgets)
    guard !holding.isEmpty else { return nil }
    fleet?.enter(holding)
    return holding
  }

  /// Permits that were taken ahead let a request pass that needs nothing else; nil where it has to ask.
  mutating func takePermits(_ holdings: LimitLease.Holdings, now: Int64) -> (FleetStep, RateLimitView?)? {
    guard let percent = fleet?.leasePercent, percent > 0, let holding = holdings.fleet else { return nil }
    fleet?.permits.use(holding.counts, now: now)
    guard holding.places.isEmpty, holding.budgets.isEmpty,
      let view = fleet?.permits.take(holding.counts, now: now)
    else { return nil }
    let low = fleet?.permits.renewals(holding.counts, percent: percent, now: now) ?? []
    guard !low.isEmpty else { return (.goesOn, view) }
    let call = renewalQuestion(low, now: now)
    return (call.map { .renews(FleetRenewal(call: $0, counts: low)) } ?? .goesOn, view)
  }

  /// What the store decided.
  mutating func follow(
    _ verdict: FleetVerdict, _ holdings: LimitLease.Holdings, now: Int64, wall: Int64
  ) throws(LimitBook.Denial) -> (RateLimitView?, [String]?) {
    guard let holding = holdings.fleet else { return (nil, nil) }
    if verdict.decision != .passes { undo(holdings) }
    learn(holding.owners, verdict.owners, clock: verdict.wall, wall: wall)
    var view = RateLimitView()
    for (count, left) in zip(holding.counts, verdict.counts) {
      view.add(
        RateLimitView.Part(limit: count.rule.burst, remaining: left.remaining, reset: left.reset),
        unit: count.rule.unit)
      if left.granted > 0 { fleet?.permits.add(count, granted: left, askedAt: holding.askedAt) }
    }
    if verdict.decision == .passes {
      return (view, holdings.reservation.map { budgets.softBudgetsUsedUp($0.client, wall: budgetTime(wall)) })
    }
    switch verdict.decision {
    case .overBudget(let place, let reason):
      let budget = holding.budgets.filter(\.rule.isHard)[place]
      let start = verdict.owners[budget.owner].tally(budget.rule.period).start
      throw .budget(budgets.shortage(budget.rule, reason, start: start, wall: verdict.wall))
    case .full(let place): throw .concurrency(ConcurrencyTable.Full(rule: holding.places[place].rule))
    case .waits(let place, let wait):
      let count = holding.counts[place]
      throw .rate(RateLimiter.Delay(rule: count.rule, wait: wait, amount: count.amount, view: view))
    case .passes: return (view, nil)
    }
  }

  /// The store is away: this sidecar's share decides.
  mutating func fallBack(
    _ holdings: inout LimitLease.Holdings, _ answer: FleetAnswer, now: Int64, wall: Int64
  ) throws(LimitBook.Denial) -> RateLimitView? {
    guard fleet != nil, var holding = holdings.fleet else { return nil }
    if answer.isNothingDone { holding.isOwed = true }
    let view: RateLimitView
    do throws(LimitBook.Denial) {
      (holding.shares, view) = try takeShares(holdings, holding, now: now, wall: wall)
    } catch {
      undo(holdings)
      // The store may hold something for it all the same.
      if !holding.isOwed { noteStale(holding) }
      throw error
    }
    if holding.isOwed {
      for count in holding.counts { fleet?.ledger.owe(count, count.amount, now: now) }
    }
    holdings.fleet = holding
    // The store is told of it when it is back.
    noteStale(holding)
    return view
  }

  private mutating func takeShares(
    _ holdings: LimitLease.Holdings, _ holding: FleetHolding, now: Int64, wall: Int64
  ) throws(LimitBook.Denial) -> ([RateLimiter.Charge], RateLimitView) {
    guard var fleet = fleet.take() else { return ([], RateLimitView()) }
    defer { self.fleet = fleet }
    let wall = wall &+ fleet.clockOffset
    if let reservation = holdings.reservation {
      fleet.missStore(holding.owners) { owner in
        var own = budgets.owner(owner)
        own.unreserve(reservation.amount)
        return own
      }
      do throws(BudgetBook.Shortage) {
        try budgets.checkShares(
          holding, reservation, isPriced: holdings.prices != nil, fleet: fleet, wall: wall)
      } catch { throw .budget(error) }
    }
    let rule = concurrency.overShare(holdings.concurrency, holding.places.map(\.rule), sidecars: fleet.size)
    if let rule { throw .concurrency(ConcurrencyTable.Full(rule: rule)) }
    do throws(RateLimiter.Delay) {
      // A share is smaller than the limit: what is too large for it takes all of it.
      return try fleet.shares.take(holdings.subject, inputTokens: 0, tokens: holdings.estimate.total, now: now)
    } catch { throw .rate(error) }
  }

  /// The request does not go ahead: nothing of it stays counted here.
  private mutating func undo(_ holdings: LimitLease.Holdings) {
    concurrency.release(holdings.concurrency)
    rates.undo(holdings.charges)
    if let reservation = holdings.reservation { budgets.release(reservation) }
    if let holding = holdings.fleet { fleet?.leave(holding) }
  }

  private mutating func noteStale(_ holding: FleetHolding) {
    fleet?.ledger.note(places: holding.places.map(\.key), owners: holding.owners)
  }

  // MARK: The end

  /// A request is over and used this much.
  mutating func settleFleet(
    _ holdings: LimitLease.Holdings, spent: OwnerSpending.Amount, now: Int64, wall: Int64
  ) {
    guard let holding = holdings.fleet, fleet != nil else { return }
    leaveFleet(holding, tokens: Int(clamping: spent.tokens), now: now)
    guard let reservation = holdings.reservation else { return }
    let day = BudgetCalendar.start(of: .day, at: budgetTime(wall))
    for owner in [reservation.client, nil] { fleet?.ledger.spend(owner, spent, day: day) }
  }

  /// A request is over and used nothing.
  mutating func releaseFleet(_ holdings: LimitLease.Holdings) {
    if let holding = holdings.fleet, let now = fleet?.shares.latest { leaveFleet(holding, tokens: 0, now: now) }
  }

  private mutating func leaveFleet(_ holding: FleetHolding, tokens: Int, now: Int64) {
    fleet?.leave(holding)
    fleet?.shares.settle(holding.shares, tokens: tokens, now: now)
    for count in holding.counts where count.rule.unit == .tokens && tokens != count.amount {
      if holding.isOwed {
        fleet?.ledger.owe(count, tokens - count.amount, now: now)
      } else if holding.isTaken || tokens > count.amount {
        fleet?.ledger.charge(count, tokens - count.amount)
      }
    }
    noteStale(holding)
  }
}
