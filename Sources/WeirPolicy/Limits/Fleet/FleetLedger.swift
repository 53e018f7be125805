/// What the store has yet to be told: what requests used, and what this sidecar holds now. A value; times are nanoseconds
/// of a monotonic clock.
///
/// What was spent is told in numbered batches, one at a time and each until it is known to have arrived; the store books
/// no number twice. Until then it counts as held, so that other sidecars do not take it. Bounded: sums are kept by owner
/// and day, counts by key up to `maximumKeys`; beyond, counts of rate limits are not told.
struct FleetLedger: Sendable {
  struct Spend: Hashable, Sendable {
    let owner: String?
    /// When the day began in which it was spent, by the store's clock; seconds since 1970.
    let day: Int64
  }

  /// A count of a rate limit that has to change.
  struct Charge: Sendable {
    /// Cells used beyond what was taken; below zero those that were not used.
    var cells = 0
    /// Cells that the store was never asked for, as they drain.
    var owed: GCRA
  }

  /// What is on its way.
  struct Batch: Sendable {
    let number: Int64
    var spends: [Spend: OwnerSpending.Amount] = [:]
    var charges: [FleetKey: Charge] = [:]
    /// An earlier try may have been booked, so that it must keep its number.
    var isUncertain = false
    /// How often the store has refused it.
    var refusals = 0
  }

  private(set) var waiting = Batch(number: 0)
  private(set) var sent: Batch?
  private(set) var stalePlaces: Set<FleetKey> = []
  private(set) var staleOwners: Set<String?> = []
  /// What was spent and is not known to be booked.
  private var unbooked: [String?: OwnerSpending.Amount] = [:]
  /// Owners of whom the store was told too much, since what is on its way counted as held.
  private var overstated: Set<String?> = []
  private var batches: Int64 = 0
  private var size = FleetLedger.largestBatch

  static let maximumKeys = 10_000
  private static let largestBatch = 64
  private static let mostRefusals = 5

  /// Whether the store knows everything.
  var isEmpty: Bool {
    sent == nil && waiting.spends.isEmpty && waiting.charges.isEmpty && stalePlaces.isEmpty && staleOwners.isEmpty
  }

  /// What counts as held of an owner beside its reservations.
  func held(_ owner: String?) -> OwnerSpending.Amount { unbooked[owner] ?? OwnerSpending.Amount() }

  /// As `held`, once what is on its way is booked.
  func heldAfterBatch(_ owner: String?) -> OwnerSpending.Amount {
    guard let sent else { return held(owner) }
    return sent.spends.filter { $0.key.owner == owner }.reduce(held(owner)) { $0.less($1.value) }
  }

  mutating func spend(_ owner: String?, _ amount: OwnerSpending.Amount, day: Int64) {
    guard amount != OwnerSpending.Amount() else { return }
    waiting.spends[Spend(owner: owner, day: day), default: OwnerSpending.Amount()].add(amount)
    unbooked[owner, default: OwnerSpending.Amount()].add(amount)
  }

  /// What was spent and is not known to be booked, by owner, day and month; in an order of its own.
  var untold: [SavedSpending] {
    var days: [Spend: OwnerSpending.Amount] = waiting.spends
    for (spend, amount) in sent?.spends ?? [:] { days[spend, default: OwnerSpending.Amount()].add(amount) }
    var months: [Spend: OwnerSpending.Amount] = [:]
    for (spend, amount) in days {
      let month = BudgetCalendar.start(of: .month, at: spend.day)
      months[Spend(owner: spend.owner, day: month), default: OwnerSpending.Amount()].add(amount)
    }
    return [(BudgetRule.Period.day, days), (.month, months)].flatMap { period, sums in
      sums.map { spend, amount in
        SavedSpending(
          client: spend.owner, period: period, start: spend.day, nanoUSD: amount.usd.value, tokens: amount.tokens)
      }
    }.sorted { ($0.client ?? "", $0.period.rawValue, $0.start) < ($1.client ?? "", $1.period.rawValue, $1.start) }
  }

  /// Takes over what another process could not tell; its days say all of it.
  mutating func add(_ untold: [SavedSpending]) {
    for entry in untold where entry.period == .day {
      let amount = OwnerSpending.Amount(usd: NanoUSD(max(entry.nanoUSD, 0)), tokens: max(entry.tokens, 0))
      spend(entry.client, amount, day: BudgetCalendar.start(of: .day, at: entry.start))
    }
  }

  /// Cells of a rate limit that were used beyond what the store was asked for, or were not used.
  mutating func charge(_ count: FleetHolding.Count, _ cells: Int) {
    change(count) { $0.cells = $0.cells.addingReportingOverflow(cells).overflow ? $0.cells : $0.cells + cells }
  }

  /// Cells that the store could not be asked for; by the time that it can they may have drained.
  mutating func owe(_ count: FleetHolding.Count, _ cells: Int, now: Int64) {
    change(count) { charge in
      if cells > 0 {
        charge.owed.charge(cells, now: now)
        return
      }
      // What was owed may have been told and booked meanwhile; that part goes back like any other.
      let unused = 0 - max(cells, -Int.max)
      let owed = min(charge.owed.burst - charge.owed.remaining(now: now), unused)
      charge.owed.giveBack(owed)
      let (rest, overflows) = charge.cells.subtractingReportingOverflow(unused - owed)
      if !overflows { charge.cells = rest }
    }
  }

  private mutating func change(_ count: FleetHolding.Count, _ body: (inout Charge) -> Void) {
    guard waiting.charges[count.key] != nil || waiting.charges.count < FleetLedger.maximumKeys else { return }
    body(
      &waiting.charges[
        count.key, default: Charge(owed: GCRA(perMinute: count.rule.perMinute, burst: count.rule.burst))])
  }

  /// What the sidecar holds there has changed, and the store is to be told.
  mutating func note(places: some Sequence<FleetKey>, owners: some Sequence<String?>) {
    for place in places where stalePlaces.count < FleetLedger.maximumKeys { stalePlaces.insert(place) }
    for owner in owners where staleOwners.count < FleetLedger.maximumKeys { staleOwners.insert(owner) }
  }

  /// The store is told of an owner while a batch is on its way.
  mutating func noteAsked(_ owners: [String?]) {
    guard let sent else { return }
    for owner in owners where sent.spends.contains(where: { $0.key.owner == owner }) { overstated.insert(owner) }
  }

  // MARK: Telling

  /// The next thing to tell; `arrived` or `failed` is called before it is asked for another. Nil where there is nothing.
  mutating func next() -> (batch: Batch?, places: [FleetKey], owners: [String?])? {
    if sent == nil { fill() }
    let places = Array(stalePlaces.prefix(FleetLedger.largestBatch))
    var owners = Set(staleOwners.prefix(FleetLedger.largestBatch))
    if let sent { owners.formUnion(sent.spends.keys.map(\.owner)) }
    guard sent != nil || !places.isEmpty || !owners.isEmpty else { return nil }
    stalePlaces.subtract(places)
    staleOwners.subtract(owners)
    return (sent, places, Array(owners))
  }

  private mutating func fill() {
    guard !waiting.spends.isEmpty || !waiting.charges.isEmpty else { return }
    batches += 1
    var batch = Batch(number: batches)
    for (spend, amount) in waiting.spends.prefix(size) { batch.spends[spend] = amount }
    for (key, charge) in waiting.charges.prefix(max(size - batch.spends.count, 0)) { batch.charges[key] = charge }
    for spend in batch.spends.keys { waiting.spends[spend] = nil }
    for key in batch.charges.keys { waiting.charges[key] = nil }
    sent = batch
  }

  /// The store has booked what was on its way.
  mutating func arrived() {
    if let sent { forget(sent) }
    sent = nil
    size = FleetLedger.largestBatch
    staleOwners.formUnion(overstated)
    overstated = []
  }

  /// Why what was on its way is not known to have arrived.
  enum Failure: Sendable {
    /// It did not leave.
    case untold
    /// It may have arrived.
    case uncertain
    /// The store read it and would not have it: it is told in smaller parts, and one that is refused again and again is
    /// let go, so that it does not stand in the way for ever.
    case refused
  }

  /// The store has not booked it, or nobody knows whether it has.
  mutating func failed(_ failure: Failure, places: [FleetKey], owners: [String?]) {
    note(places: places, owners: owners)
    if failure == .uncertain { sent?.isUncertain = true }
    guard failure == .refused, var batch = sent else { return }
    batch.refusals += 1
    sent = batch
    if !batch.isUncertain, batch.spends.count + batch.charges.count > 1 {
      size = max((batch.spends.count + batch.charges.count) / 2, 1)
      for (spend, amount) in batch.spends { waiting.spends[spend, default: OwnerSpending.Amount()].add(amount) }
      for (key, charge) in batch.charges where waiting.charges[key] == nil { waiting.charges[key] = charge }
      sent = nil
    } else if batch.refusals >= FleetLedger.mostRefusals {
      forget(batch)
      sent = nil
    }
  }

  private mutating func forget(_ batch: Batch) {
    for (spend, amount) in batch.spends {
      let rest = held(spend.owner).less(amount)
      unbooked[spend.owner] = rest == OwnerSpending.Amount() ? nil : rest
    }
  }
}

extension OwnerSpending.Amount {
  mutating func add(_ other: OwnerSpending.Amount) { self = self + other }

  /// Without another amount, and not below nothing.
  func less(_ other: OwnerSpending.Amount) -> OwnerSpending.Amount {
    // Neither is below zero, so nothing overflows.
    OwnerSpending.Amount(
      usd: NanoUSD(max(usd.value &- other.usd.value, 0)), tokens: max(tokens &- other.tokens, 0))
  }
}
