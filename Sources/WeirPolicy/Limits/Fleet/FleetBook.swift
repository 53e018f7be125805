/// This sidecar's part in limits and budgets that hold for a fleet; a value, within `LimitBook`'s lock. Times are
/// nanoseconds of a monotonic clock.
struct FleetBook: Sendable {
  /// Sidecars alive, this one included.
  var size = 1
  /// Seconds that the store's clock is ahead of this host's; none while they agree to a moment.
  private(set) var clockOffset: Int64 = 0
  /// Most of a burst that is taken ahead, in percent; 0 takes nothing ahead.
  var leasePercent: Int
  /// The rules divided by the sidecars, for when the store is away.
  var shares = RateLimiter()
  var permits = PermitTable()
  var ledger = FleetLedger()
  /// This sidecar's requests in flight, by concurrency limit.
  private var places: [FleetKey: Int] = [:]
  /// What was known of owners at the last contact.
  private var contacts: [String?: FleetContact] = [:]
  private var calls: Int64 = 0
  private var nextShareID = 0

  /// Clocks that differ by less are not told apart from a slow answer.
  private static let clockTolerance: Int64 = 2

  init(leasePercent: Int) { self.leasePercent = leasePercent }

  /// The rules, or the number of sidecars, have changed.
  mutating func divide(_ policy: LimitPolicy) {
    let divisor = max(size, 1)
    let divided = policy.rates.map { rule in
      var rule = rule
      rule.perMinute = max(rule.perMinute / divisor, 1)
      rule.burst = max(rule.burst / divisor, 1)
      return rule
    }
    shares.replace(divided, maximumKeys: policy.maximumKeys, nextID: &nextShareID)
  }

  /// The store said what time it is there.
  mutating func learn(clock: Int64, wall: Int64) {
    let (offset, overflows) = clock.subtractingReportingOverflow(wall)
    clockOffset = overflows || abs(offset) <= FleetBook.clockTolerance ? 0 : offset
  }

  mutating func nextCall() -> Int64 {
    calls += 1
    return calls
  }

  // MARK: What the sidecar holds

  /// Requests in flight that hold a place there.
  func held(_ place: FleetKey) -> Int { places[place] ?? 0 }

  mutating func enter(_ holding: FleetHolding) {
    for place in holding.places { places[place.key, default: 0] += 1 }
  }

  mutating func leave(_ holding: FleetHolding) {
    for place in holding.places {
      let left = held(place.key) - 1
      places[place.key] = left > 0 ? left : nil
    }
  }

  /// The store does not know what the sidecar holds: it is told anew.
  mutating func forgetToldHoldings(owners: [String?]) {
    ledger.note(places: Array(places.keys), owners: owners)
  }

  // MARK: What is known of others

  /// - Parameters:
  ///   - own: what this sidecar knows of the owner, what the store said included.
  ///   - spending: what the store said.
  mutating func meet(_ owner: String?, own: OwnerSpending, spending: FleetSpending) {
    guard contacts[owner] != nil || contacts.count < FleetLedger.maximumKeys else { return }
    contacts[owner] = FleetContact(own: own, spending: spending)
  }

  /// The store is away: of owners that it was never asked about, what is known here is all that is known.
  mutating func missStore(_ owners: [String?], _ own: (String?) -> OwnerSpending) {
    for owner in owners where contacts[owner] == nil {
      let own = own(owner)
      meet(owner, own: own, spending: FleetSpending(own))
    }
  }

  /// What may be spent of a budget without the store.
  func share(_ rule: BudgetRule, _ owner: String?, own: OwnerSpending, wall: Int64) -> OwnerSpending.Amount {
    let contact = contacts[owner] ?? FleetContact(own: own, spending: FleetSpending(own))
    return contact.share(rule, start: own.tally(rule.period, at: wall).start, sidecars: size)
  }
}

/// What was known of an owner at the last contact with the store. A value.
private struct FleetContact: Sendable {
  let own: OwnerSpending
  let spending: FleetSpending

  /// What own spending and reservations may come to: what they came to then, and a part of what was left.
  func share(_ rule: BudgetRule, start: Int64, sidecars: Int) -> OwnerSpending.Amount {
    let limit = OwnerSpending.Amount(
      usd: rule.usd.map { NanoUSD(rounding: $0) } ?? .zero,
      tokens: rule.tokens.map { Int64(clamping: max($0, 0)) } ?? 0)
    let known = spending.tally(rule.period)
    let mine = own.kept(rule.period)
    let spent = known.start == start ? known.spent : OwnerSpending.Amount()
    let base = (mine.start == start ? mine.spent : OwnerSpending.Amount()) + own.reserved
    let left = limit.less(spent).less(spending.reserved)
    let parts = Int64(max(sidecars, 1))
    return base + OwnerSpending.Amount(usd: NanoUSD(left.usd.value / parts), tokens: left.tokens / parts)
  }
}

extension FleetSpending {
  /// As one's own spending would be told.
  init(_ own: OwnerSpending) {
    day = own.kept(.day)
    month = own.kept(.month)
    reserved = own.reserved
  }
}
