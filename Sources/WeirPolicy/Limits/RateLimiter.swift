/// All rate limits and their counts; a value, times are nanoseconds of a monotonic clock.
///
/// A request takes from every rule that covers it, or from none. Requests whose user is not known share one count of a
/// rule per user. The memory is bounded by the number of keys (`BucketTable` has the rule of who goes first); when all
/// keys that are kept are over their limits, each rule counts its further keys together in one count of its own.
struct RateLimiter: Sendable {
  private struct Rule: Sendable {
    let rule: LimitRule
    let scope: RuleScope
    /// Counts all keys that found no room.
    var overflow: GCRA
  }

  /// What a request holds of one rule.
  struct Charge: Sendable {
    fileprivate let rule: Int
    /// The rule's place among the rules, until these change.
    let index: Int
    let unit: LimitRule.Unit
    /// Nil for the rule's overflow count.
    fileprivate let place: BucketTable.Place?
    /// Cells that were taken.
    let amount: Int
  }

  /// Why a request has to wait.
  struct Delay: Error, Sendable, Equatable {
    /// The rule that takes longest.
    let rule: LimitRule
    /// Nanoseconds; nil when the request is more than the burst.
    let wait: Int64?
    /// What the request wanted of the rule.
    let amount: Int
    let view: RateLimitView
  }

  private struct Claim {
    enum Count {
      case kept(BucketTable.Place)
      /// Kept since this very request.
      case new(BucketTable.Place)
      /// Not looked for room yet.
      case unknown
      /// The rule's overflow count.
      case shared
    }

    let rule: Int
    let amount: Int
    var count: Count

    var place: BucketTable.Place? {
      switch count {
      case .kept(let place), .new(let place): place
      case .unknown, .shared: nil
      }
    }
  }

  /// What makes a rule the same one over reloads.
  private struct Identity: Hashable {
    let name: String
    let unit: LimitRule.Unit
    let scope: LimitScope

    init(_ rule: LimitRule) {
      name = rule.name
      unit = rule.unit
      scope = rule.scope
    }
  }

  private var rules: [Rule] = []
  private var index = RuleIndex()
  private var table: BucketTable
  private(set) var latest: Int64 = 0

  /// Counts that are kept, the rules' overflow counts aside.
  var count: Int { table.count }
  /// Whether any rule counts tokens.
  private(set) var countsTokens = false

  /// Limits nothing until `replace`.
  init() { table = BucketTable(capacity: 1) }

  /// A reload: counts of rules that have the same name, unit and scope stay, with the new rate and burst.
  mutating func replace(_ new: [LimitRule], maximumKeys: Int, nextID: inout Int) {
    let now = latest
    let known = Dictionary(rules.map { (Identity($0.rule), $0) }, uniquingKeysWith: { first, _ in first })
    rules = new.map { rule in
      if let old = known[Identity(rule)] {
        let overflow = old.overflow.changing(perMinute: rule.perMinute, burst: rule.burst, now: now)
        return Rule(rule: rule, scope: old.scope, overflow: overflow)
      }
      nextID += 1
      return Rule(
        rule: rule, scope: RuleScope(id: nextID, scope: rule.scope),
        overflow: GCRA(perMinute: rule.perMinute, burst: rule.burst))
    }
    index = RuleIndex(clients: new.map(\.scope.clients))
    countsTokens = new.contains { $0.unit == .tokens }
    let kept = Dictionary(rules.map { ($0.scope.id, $0.rule) }, uniquingKeysWith: { first, _ in first })
    table.keep(capacity: maximumKeys, now: now) { id, bucket in
      kept[id].map { bucket.changing(perMinute: $0.perMinute, burst: $0.burst, now: now) }
    }
  }

  /// Takes one request and its tokens from every rule that covers it; throws the longest delay and takes nothing where
  /// one does not let it through.
  ///
  /// An estimate that is over a rule's burst only because of expected output takes the whole burst: what the request
  /// really uses is charged when it is known.
  mutating func take(
    _ subject: CountedSubject, inputTokens: Int, tokens: Int, now: Int64
  ) throws(Delay) -> (charges: [Charge], view: RateLimitView) {
    latest = max(latest, now)
    table.beginRequest(now: now)
    var claims: [Claim] = []
    for index in index.rules(for: subject.client) where rules[index].scope.covers(subject) {
      let count = table.find(rules[index].scope.key(subject)).map(Claim.Count.kept) ?? .unknown
      let wanted = rules[index].rule.unit == .requests ? 1 : tokens
      let least = rules[index].rule.unit == .requests ? 1 : inputTokens
      let burst = rules[index].overflow.burst
      claims.append(Claim(rule: index, amount: least > burst ? least : min(wanted, burst), count: count))
    }
    // Before anybody's count is pushed out for a request that is refused anyway.
    try refuse(claims, now)
    var isShared = false
    for index in claims.indices {
      guard case .unknown = claims[index].count else { continue }
      let rule = rules[claims[index].rule]
      let place = table.insert(rule.scope.key(subject), RateLimiter.fresh(rule.rule), now: now)
      claims[index].count = place.map(Claim.Count.new) ?? .shared
      isShared = isShared || place == nil
    }
    if isShared {
      do throws(Delay) {
        try refuse(claims, now)
      } catch {
        for claim in claims { if case .new(let place) = claim.count { table.remove(place) } }
        throw error
      }
    }
    return commit(claims, now)
  }

  /// The request is over. Rules on tokens take the difference between what was taken and what was used.
  mutating func settle(_ charges: [Charge], tokens: Int, now: Int64) {
    latest = max(latest, now)
    for charge in charges where charge.unit == .tokens {
      let missing = tokens - charge.amount
      adjust(charge, now) { bucket in
        if missing > 0 { bucket.charge(missing, now: now) } else { bucket.giveBack(0 - missing) }
      }
    }
  }

  /// The request used nothing: all tokens go back, and the request itself stays counted.
  mutating func release(_ charges: [Charge]) {
    settle(charges, tokens: 0, now: latest)
  }

  /// The request did not go ahead: all goes back, its count as a request too.
  mutating func undo(_ charges: [Charge]) {
    for charge in charges { adjust(charge, latest) { $0.giveBack(charge.amount) } }
  }

  /// The rule of a charge that was taken since the last `replace`.
  func rule(of charge: Charge) -> LimitRule? {
    rules.indices.contains(charge.index) ? rules[charge.index].rule : nil
  }

  private mutating func adjust(_ charge: Charge, _ now: Int64, _ change: (inout GCRA) -> Void) {
    if let place = charge.place {
      table.update(place, now: now, change)
    } else if let index = rules.firstIndex(where: { $0.scope.id == charge.rule }) {
      change(&rules[index].overflow)
    }
  }

  private mutating func commit(_ claims: [Claim], _ now: Int64) -> (charges: [Charge], view: RateLimitView) {
    var view = RateLimitView()
    var charges: [Charge] = []
    charges.reserveCapacity(claims.count)
    for claim in claims {
      let rule = rules[claim.rule]
      let charge = Charge(
        rule: rule.scope.id, index: claim.rule, unit: rule.rule.unit, place: claim.place, amount: claim.amount)
      adjust(charge, now) { _ = $0.take(claim.amount, now: now) }
      view.add(bucket(of: claim), unit: rule.rule.unit, now: now)
      charges.append(charge)
    }
    return (charges, view)
  }

  /// Throws when one of the rules does not let the request through.
  private func refuse(_ claims: [Claim], _ now: Int64) throws(Delay) {
    var worst: (claim: Claim, wait: Int64?)?
    for claim in claims {
      switch bucket(of: claim).check(claim.amount, now: now) {
      case .fits: continue
      case .never: worst = (claim, nil)
      case .waits(let wait):
        if let known = worst, (known.wait ?? .max) >= wait { continue }
        worst = (claim, wait)
      }
    }
    guard let worst else { return }
    var view = RateLimitView()
    for claim in claims { view.add(bucket(of: claim), unit: rules[claim.rule].rule.unit, now: now) }
    throw Delay(
      rule: rules[worst.claim.rule].rule, wait: worst.wait, amount: worst.claim.amount, view: view)
  }

  private func bucket(of claim: Claim) -> GCRA {
    let rule = rules[claim.rule]
    if case .shared = claim.count { return rule.overflow }
    return claim.place.flatMap { table.bucket(at: $0) } ?? RateLimiter.fresh(rule.rule)
  }

  private static func fresh(_ rule: LimitRule) -> GCRA { GCRA(perMinute: rule.perMinute, burst: rule.burst) }
}
