// The calls of the store's scripts, and what their answers change here. All within `LimitBook`'s lock.
extension LimitBook.State {
  /// Asks whether a request passes that this sidecar holds everything for already.
  ///
  /// - Parameter extra: whether permits for later requests are asked for with it.
  mutating func question(_ holdings: LimitLease.Holdings, now: Int64) -> FleetCall? {
    guard let holding = holdings.fleet, var fleet = fleet.take() else { return nil }
    defer { self.fleet = fleet }
    let hard = holding.budgets.filter(\.rule.isHard)
    var words = FleetWords()
    words.append(fleet.nextCall())
    words.append(fleet.leasePercent)
    for count in [holding.counts.count, holding.places.count, holding.owners.count, hard.count] { words.append(count) }
    for count in holding.counts {
      let extra = fleet.leasePercent > 0 ? fleet.permits.wanted(count, percent: fleet.leasePercent, now: now) : 0
      words.append(count, extra: extra)
    }
    for place in holding.places {
      words.append(max(fleet.held(place.key) - 1, 0))
      words.append(place.rule.maximum)
    }
    let amount = holdings.reservation?.amount ?? OwnerSpending.Amount()
    for owner in holding.owners {
      let own = budgets.owner(owner)
      let unbooked = fleet.ledger.held(owner)
      let notToSay = unbooked + inherited.amount(owner)
      let before = own.reserved.less(amount) + unbooked
      words.append(holdings.prices == nil ? 0 : 1)
      words.append(before)
      words.append(amount)
      words.append(before + amount)
      for tally in [own.kept(.day), own.kept(.month)] {
        words.append(tally.start)
        words.append(tally.spent.less(notToSay))
      }
    }
    for budget in hard {
      words.append(budget.owner + 1)
      words.append(budget.rule.period == .day ? "d" : "m")
      words.append(budget.rule.usd.map { String(NanoUSD(rounding: $0).value) } ?? "-")
      words.append(budget.rule.tokens.map { String(max($0, 0)) } ?? "-")
    }
    fleet.ledger.noteAsked(holding.owners)
    return FleetCall(
      script: .admit,
      keys: holding.counts.map { $0.key.text("r") } + holding.places.map { $0.key.text("q") }
        + holding.owners.map { FleetKey(owner: $0).text("b") }, numbers: words.text)
  }

  /// Asks for permits and nothing else.
  mutating func renewalQuestion(_ counts: [FleetHolding.Count], now: Int64) -> FleetCall? {
    guard var fleet = fleet.take() else { return nil }
    defer { self.fleet = fleet }
    var words = FleetWords()
    words.append(fleet.nextCall())
    words.append(fleet.leasePercent)
    for count in [counts.count, 0, 0, 0] { words.append(count) }
    for count in counts {
      let extra = fleet.permits.wanted(count, percent: fleet.leasePercent, now: now)
      words.append(FleetHolding.Count(key: count.key, rule: count.rule, amount: 0), extra: extra)
    }
    return FleetCall(script: .admit, keys: counts.map { $0.key.text("r") }, numbers: words.text)
  }

  /// Tells the store what requests used and what the sidecar holds.
  mutating func settlementCall(now: Int64) -> FleetSettlement? {
    guard var fleet = fleet.take() else { return nil }
    defer { self.fleet = fleet }
    guard let (batch, places, owners) = fleet.ledger.next() else { return nil }
    let spends = Array(batch?.spends ?? [:])
    let charges = (batch?.charges ?? [:]).map { ($0.key, $0.value, $0.value.due(now: now)) }
    var words = FleetWords()
    words.append(fleet.nextCall())
    words.append(batch?.number ?? 0)
    for count in [spends.count, charges.count, places.count, owners.count] { words.append(count) }
    for spend in spends {
      words.append(spend.key.day)
      words.append(spend.value)
    }
    for (_, charge, cells) in charges {
      words.append(cells)
      words.append(charge.owed.perMinute)
      words.append(charge.owed.burst)
    }
    for place in places { words.append(fleet.held(place)) }
    for owner in owners { words.append(budgets.owner(owner).reserved + fleet.ledger.heldAfterBatch(owner)) }
    let call = FleetCall(
      script: .settle,
      keys: spends.map { FleetKey(owner: $0.key.owner).text("b") } + charges.map { $0.0.text("r") }
        + places.map { $0.text("q") } + owners.map { FleetKey(owner: $0).text("b") }, numbers: words.text)
    return FleetSettlement(call: call, places: places, owners: owners)
  }

  /// What the store says of owners is known from now on.
  mutating func learn(_ owners: [String?], _ spending: [FleetSpending], clock: Int64, wall: Int64) {
    fleet?.learn(clock: clock, wall: wall)
    for (owner, spending) in zip(owners, spending) {
      budgets.learn(owner, spending)
      fleet?.meet(owner, own: budgets.owner(owner), spending: spending)
    }
  }
}

/// Something the store is to be told; `LimitBook.settled` is told what came of it.
public struct FleetSettlement: Sendable {
  /// What to tell.
  public let call: FleetCall
  let places: [FleetKey]
  let owners: [String?]
}

extension FleetWords {
  fileprivate mutating func append(_ count: FleetHolding.Count, extra: Int) {
    let bounds = GCRA(perMinute: count.rule.perMinute, burst: count.rule.burst)
    append(count.amount)
    append(extra)
    append(bounds.perMinute)
    append(bounds.burst)
  }
}

extension FleetLedger.Charge {
  /// Cells to charge now, below zero to give back; within what the script's numbers hold exactly.
  fileprivate func due(now: Int64) -> Int {
    let owed = owed.burst - owed.remaining(now: now)
    let most = GCRA.largest
    return min(max(min(max(cells, -most), most) + owed, -most), most)
  }
}
