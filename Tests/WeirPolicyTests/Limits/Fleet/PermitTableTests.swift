import Testing

@testable import WeirPolicy

@Suite("Permits taken ahead")
struct PermitTableTests {
  private let second: Int64 = 1_000_000_000
  private let rule = LimitRule(name: "rpm", unit: .requests, perMinute: 6000, burst: 1000, scope: LimitScope(per: []))

  private var one: FleetHolding.Count {
    let subject = CountedSubject(LimitSubject(client: "a", user: nil, model: "m"))
    return FleetHolding.Count(
      key: FleetKey(rule: rule.name, unit: "requests", scope: rule.scope, subject: subject), rule: rule, amount: 1)
  }

  private func table(granted: Int, used: Int = 10) -> PermitTable {
    var table = PermitTable()
    for _ in 0..<used { table.use([one], now: 0) }
    table.add(one, granted: FleetVerdict.Count(remaining: 500, reset: 7, granted: granted), askedAt: 0)
    return table
  }

  @Test("are used one by one, and then no more")
  func use() {
    var table = table(granted: 3)
    for left in [502, 501, 500] {
      let view = table.take([one], now: second / 2)
      #expect(view?.requests == RateLimitView.Part(limit: 1000, remaining: left, reset: 7))
    }
    let last = table.take([one], now: second / 2)
    #expect(last == nil)
  }

  @Test("expire a second after they were asked for, and are told of once")
  func expiry() {
    var table = table(granted: 3)
    let (inTime, late) = (table.take([one], now: second - 1), table.take([one], now: second))
    #expect(inTime != nil && late == nil)
    let (first, again) = (table.expired(now: second), table.expired(now: second))
    #expect(first.map(\.amount) == [2] && again.isEmpty)
  }

  @Test("are wanted as the last second used them, and never more than the share", arguments: [(10, 10), (500, 50)])
  func wanted(used: Int, expected: Int) {
    var table = table(granted: 0, used: used)
    #expect(table.wanted(one, percent: 5, now: 0) == expected)
    #expect(table.wanted(one, percent: 0, now: 0) == 0)
    let (first, again) = (table.renewals([one], percent: 5, now: 0), table.renewals([one], percent: 5, now: 0))
    #expect(first.count == 1 && again.isEmpty, "one question at a time")
    table.missed([one])
    let afterMiss = table.renewals([one], percent: 5, now: 0)
    #expect(afterMiss.count == 1)
  }
}
