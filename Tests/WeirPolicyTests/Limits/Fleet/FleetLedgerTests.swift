import Testing

@testable import WeirPolicy

@Suite("What the store has yet to be told")
struct FleetLedgerTests {
  private let day: Int64 = 1_795_219_200
  private let rule = LimitRule(name: "tpm", unit: .tokens, perMinute: 60, burst: 100, scope: LimitScope(per: [.client]))

  private func amount(_ nanoUSD: Int64) -> OwnerSpending.Amount {
    OwnerSpending.Amount(usd: NanoUSD(nanoUSD), tokens: 1)
  }

  private func count(_ client: String) -> FleetHolding.Count {
    let subject = CountedSubject(LimitSubject(client: client, user: nil, model: "m"))
    let key = FleetKey(rule: rule.name, unit: "tokens", scope: rule.scope, subject: subject)
    return FleetHolding.Count(key: key, rule: rule, amount: 10)
  }

  @Test("is told in numbered batches, each until it has arrived")
  func batches() throws {
    var ledger = FleetLedger()
    let nothing = ledger.next()
    #expect(nothing == nil)
    ledger.spend("a", amount(5), day: day)
    ledger.spend("a", amount(7), day: day)
    ledger.spend(nil, amount(12), day: day)
    let told = ledger.next()
    let first = try #require(told?.batch)
    #expect(first.number == 1 && first.spends[FleetLedger.Spend(owner: "a", day: day)]?.usd == NanoUSD(12))
    ledger.spend("a", amount(1), day: day)
    ledger.failed(.untold, places: [], owners: [])
    let retold = ledger.next()
    let again = try #require(retold?.batch)
    #expect(again.number == 1 && again.spends == first.spends, "the same, so that the store can tell")
    #expect(ledger.held("a").usd == NanoUSD(13), "what may be booked still counts as held")
    #expect(ledger.heldAfterBatch("a").usd == NanoUSD(1))
    ledger.arrived()
    #expect(ledger.held("a").usd == NanoUSD(1))
    let second = ledger.next()
    #expect(second?.batch?.number == 2)
    ledger.arrived()
    #expect(ledger.isEmpty && ledger.held("a") == OwnerSpending.Amount())
  }

  @Test("tells an owner again of whom too much was told while a batch was on its way")
  func overstated() {
    var ledger = FleetLedger()
    ledger.spend("a", amount(5), day: day)
    _ = ledger.next()
    ledger.noteAsked(["a", "b"])
    ledger.arrived()
    let next = ledger.next()
    #expect(next?.owners == ["a"])
  }

  @Test("does not let one count that the store refuses stand in the way of the others")
  func refusals() {
    var ledger = FleetLedger()
    let bad = count("bad")
    for number in 0..<40 { ledger.charge(count("client \(number)"), 3) }
    ledger.charge(bad, 3)
    var arrived = 0
    var rounds = 0
    while let next = ledger.next(), rounds < 200 {
      rounds += 1
      if next.batch?.charges[bad.key] != nil {
        ledger.failed(.refused, places: next.places, owners: next.owners)
      } else {
        arrived += next.batch?.charges.count ?? 0
        ledger.arrived()
      }
    }
    #expect(arrived == 40)
    #expect(ledger.isEmpty)
  }

  @Test("keeps a bounded number of counts, and lets drain what it could not tell in time")
  func bounds() throws {
    var ledger = FleetLedger()
    for number in 0..<(FleetLedger.maximumKeys + 100) { ledger.owe(count("\(number)"), 1, now: 0) }
    #expect(ledger.waiting.charges.count == FleetLedger.maximumKeys)
    var book = FleetLedger()
    book.owe(count("a"), 50, now: 0)
    let owed = try #require(book.waiting.charges[count("a").key]?.owed)
    #expect(owed.burst - owed.remaining(now: 0) == 50)
    #expect(owed.burst - owed.remaining(now: 30_000_000_000) == 20)
    #expect(owed.burst - owed.remaining(now: 90_000_000_000) == 0)
  }

  @Test("keeps the number of a batch that may be booked, also where the store refuses it later")
  func uncertain() throws {
    var ledger = FleetLedger()
    ledger.spend("a", amount(5), day: day)
    ledger.spend(nil, amount(5), day: day)
    _ = ledger.next()
    ledger.failed(.uncertain, places: [], owners: [])
    _ = ledger.next()
    ledger.failed(.refused, places: [], owners: [])
    let told = ledger.next()
    let again = try #require(told?.batch)
    #expect(again.number == 1 && again.spends.count == 2)
  }

  @Test("gives back tokens whose debt the store has booked")
  func bookedDebt() throws {
    var ledger = FleetLedger()
    let count = count("a")
    ledger.owe(count, 80, now: 0)
    _ = ledger.next()
    ledger.arrived()
    ledger.owe(count, -70, now: 0)
    let told = ledger.next()
    let charge = try #require(told?.batch?.charges[count.key])
    #expect(charge.cells == -70 && charge.owed.remaining(now: 0) == 100)
  }

  @Test("counts a client's own rule apart from the default one and the rules' one of the same name")
  func namesakes() {
    let subject = CountedSubject(LimitSubject(client: "a", user: nil, model: "m"))
    let usual = FleetKey(rule: "rpm", unit: "requests", scope: LimitScope(per: [.client]), subject: subject)
    let ruled = FleetKey(
      rule: "rpm", unit: "requests", scope: LimitScope(per: [.client], clients: ["a"]), subject: subject)
    let own = FleetKey(
      rule: "rpm", unit: "requests", scope: LimitScope(per: [.client], clients: ["a"], isClientsOwn: true),
      subject: subject)
    #expect(Set([usual, ruled, own]).count == 3)
  }

  @Test("takes the smallest and largest numbers of a store for what they can be")
  func extremes() throws {
    let text = "0 -9223372036854775808 0 1 9223372036854775807 -1 9223372036854775807"
    let verdict = try #require(FleetVerdict(Array(text.utf8), counts: 1, places: 0, owners: 0, budgets: 0))
    #expect(verdict.counts[0].remaining == 1_000_000_000_000 && verdict.counts[0].granted == 1_000_000_000_000)
    let refusal = Array("1 -9223372036854775808 1 1".utf8)
    #expect(FleetVerdict(refusal, counts: 0, places: 0, owners: 0, budgets: 1) == nil)
  }

  @Test("survives any answer of the store", arguments: [UInt64(1), 2, 3])
  func hostileAnswers(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let alphabet = Array("0123456789 -x.\u{0}".utf8)
    for _ in 0..<3000 {
      let bytes = (0..<(generator.next() % 60)).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
      let verdict = FleetVerdict(bytes, counts: 2, places: 1, owners: 1, budgets: 1)
      #expect(verdict == nil || verdict?.counts.count == 2)
    }
    let huge = Array("3 1 99999999999999999999999 9223372036854775807 1 9223372036854775807 1".utf8)
    #expect(FleetVerdict(huge, counts: 1, places: 0, owners: 0, budgets: 0)?.decision == .waits(0, .max))
  }
}
