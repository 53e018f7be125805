/// Permits of rate limits that were taken ahead, so that most requests do not wait for the store; a value, times are
/// nanoseconds of a monotonic clock.
///
/// A permit is counted in the store from the moment that it is asked for and used within `lifetime`, or given back. How
/// many are taken goes by what was used lately, and never by more than a share of the burst; the store grants no more than
/// that share of what is left.
struct PermitTable: Sendable {
  /// After so long unused permits go back.
  static let lifetime: Int64 = 1_000_000_000
  private static let maximumKeys = 10_000

  private struct Grant {
    var count: Int
    let expires: Int64
  }

  private struct Permits {
    let rule: LimitRule
    var grants: [Grant] = []
    /// Cells used since the window began, and in the one before.
    var used = 0
    var usedBefore = 0
    var windowStart: Int64
    var isAsking = false
    /// What the store had left beside them.
    var remaining = 0
    var reset: Int64 = 0

    var count: Int { grants.reduce(0) { $0 + $1.count } }
  }

  private var byKey: [FleetKey: Permits] = [:]

  /// Takes what a request needs of permits, all or nothing.
  mutating func take(_ counts: [FleetHolding.Count], now: Int64) -> RateLimitView? {
    guard counts.allSatisfy({ valid($0.key, now: now) >= $0.amount }) else { return nil }
    var view = RateLimitView()
    for count in counts {
      guard var permits = byKey[count.key] else { continue }
      byKey[count.key] = nil
      var missing = count.amount
      for place in permits.grants.indices where permits.grants[place].expires > now {
        let taken = min(permits.grants[place].count, missing)
        permits.grants[place].count -= taken
        missing -= taken
      }
      view.add(
        RateLimitView.Part(
          limit: count.rule.burst, remaining: min(permits.remaining + permits.count, count.rule.burst),
          reset: permits.reset), unit: count.rule.unit)
      byKey[count.key] = permits
    }
    return view
  }

  /// A request uses so much, whoever grants it.
  mutating func use(_ counts: [FleetHolding.Count], now: Int64) {
    for count in counts {
      guard byKey[count.key] != nil || byKey.count < PermitTable.maximumKeys else { continue }
      var permits = byKey[count.key] ?? Permits(rule: count.rule, windowStart: now)
      byKey[count.key] = nil
      if now - permits.windowStart >= PermitTable.lifetime {
        permits.usedBefore = now - permits.windowStart < 2 * PermitTable.lifetime ? permits.used : 0
        permits.used = 0
        permits.windowStart = now
      }
      permits.used = min(permits.used, Int.max / 2) + min(max(count.amount, 0), Int.max / 2)
      byKey[count.key] = permits
    }
  }

  /// How many more to ask for: what the last second used, less what is there.
  func wanted(_ count: FleetHolding.Count, percent: Int, now: Int64) -> Int {
    guard let permits = byKey[count.key] else { return 0 }
    let most = count.rule.burst / 100 * percent + count.rule.burst % 100 * percent / 100
    return max(min(max(permits.used, permits.usedBefore), most) - valid(count.key, now: now), 0)
  }

  /// Which of a request's counts are to be renewed before they run out: none while one is being asked for.
  mutating func renewals(_ counts: [FleetHolding.Count], percent: Int, now: Int64) -> [FleetHolding.Count] {
    let low = counts.filter { count in
      guard let permits = byKey[count.key], !permits.isAsking else { return false }
      let wanted = wanted(count, percent: percent, now: now)
      return wanted > 0 && wanted >= valid(count.key, now: now)
    }
    for count in low { byKey[count.key]?.isAsking = true }
    return low
  }

  /// The store has granted permits, which count from when they were asked for.
  mutating func add(_ count: FleetHolding.Count, granted: FleetVerdict.Count, askedAt: Int64) {
    guard var permits = byKey[count.key] else { return }
    permits.isAsking = false
    permits.remaining = granted.remaining
    permits.reset = granted.reset
    if granted.granted > 0 {
      permits.grants.append(Grant(count: granted.granted, expires: askedAt.addingSaturating(PermitTable.lifetime)))
    }
    byKey[count.key] = permits
  }

  /// The store did not answer.
  mutating func missed(_ counts: [FleetHolding.Count]) {
    for count in counts { byKey[count.key]?.isAsking = false }
  }

  /// Takes out what was not used in time; permits that nobody asked for lately are forgotten.
  mutating func expired(now: Int64) -> [FleetHolding.Count] {
    var expired: [FleetHolding.Count] = []
    for (key, permits) in byKey {
      let old = permits.grants.reduce(0) { $0 + ($1.expires <= now ? $1.count : 0) }
      if old > 0 { expired.append(FleetHolding.Count(key: key, rule: permits.rule, amount: old)) }
      if permits.grants.contains(where: { $0.expires <= now }) { byKey[key]?.grants.removeAll { $0.expires <= now } }
      if now - permits.windowStart > 10 * PermitTable.lifetime, !permits.isAsking { byKey[key] = nil }
    }
    return expired
  }

  private func valid(_ key: FleetKey, now: Int64) -> Int {
    byKey[key]?.grants.reduce(0) { $0 + ($1.expires > now ? $1.count : 0) } ?? 0
  }
}
