import Testing

@testable import WeirPolicy

@Suite("Asking the fleet")
struct AskFleetTests {
  private let wall: Int64 = 1_795_219_200
  private let subject = LimitSubject(client: "a", user: "u", model: "a/b")
  private let estimate = TokenEstimate(input: 100, output: 200, outputBound: 400)
  private let prices = ModelPrices(input: 1, output: 1)

  private let policy = LimitPolicy(
    rates: [
      LimitRule(name: "rpm", unit: .requests, perMinute: 60, burst: 8, scope: LimitScope(per: [.client])),
      LimitRule(name: "tpm", unit: .tokens, perMinute: 6000, burst: 4000, scope: LimitScope(per: [.client])),
    ],
    concurrency: [ConcurrencyRule(name: "slots", maximum: 4, scope: LimitScope(per: [.client]))],
    budgets: [BudgetRule(name: "usd_day", period: .day, owner: .eachClient([]), usd: 0.01)])

  private func shared(_ policy: LimitPolicy, sidecars: Int = 2) -> LimitBook {
    let book = LimitBook(policy)
    book.share(leasePercent: 0)
    book.setFleetSize(sidecars)
    return book
  }

  private func lease(_ book: LimitBook) throws -> LimitLease? {
    try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
  }

  private func call(_ exchange: Exchange, _ lease: inout LimitLease?) throws -> FleetCall {
    let step = try RequestPath.askFleet(exchange, lease: &lease, isUp: true, now: 0, wall: wall)
    guard case .asks(let call) = step else { throw Refusal(.overloaded, "nothing is asked", remedy: "") }
    return call
  }

  /// The store's answer where the owner has spent nothing: rates, then the one owner.
  private func answer(_ decision: String, spent: Int = 0, reserved: Int = 500_000) -> FleetAnswer {
    let now = wall * 1_000_000
    return .said(
      Array("\(decision) \(now) 5 3000000 0 3000 9000000 0 \(wall) \(spent) 0 \(wall) \(spent) 0 \(reserved) 500".utf8))
  }

  @Test("asks nothing where nothing is shared, and nothing of a request that no rule covers")
  func nothingToAsk() throws {
    let exchange = Exchange.opened()
    for book in [LimitBook(policy), shared(.none)] {
      var lease = try lease(book)
      guard case .goesOn = try RequestPath.askFleet(exchange, lease: &lease, isUp: true, now: 0, wall: wall) else {
        Issue.record("it asks")
        continue
      }
      lease.take()?.release()
      #expect(book.nextSettlement(now: 0) == nil)
    }
  }

  @Test("asks for all rules in one call, in words that name nobody")
  func question() throws {
    let book = shared(policy)
    let exchange = Exchange.opened()
    var lease = try lease(book)
    let call = try call(exchange, &lease)
    #expect(call.script == .admit)
    #expect(call.keys.map(\.count) == [34, 34, 34, 34])
    #expect(call.keys.map { $0.prefix(2) } == ["r:", "r:", "q:", "b:"])
    #expect(
      call.numbers == "1 0 2 1 1 1 1 0 60 8 300 0 6000 4000 0 4 1 0 0 500000 500 500000 500 "
        + "0 0 0 0 0 0 1 d 10000000 -")
    let other = try shared(policy).admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
    var second: LimitLease? = consume other
    #expect(try self.call(exchange, &second).keys == call.keys, "every process finds the same keys")
  }

  @Test("what the store lets through goes on, with the fleet's numbers in the headers")
  func passes() throws {
    let book = shared(policy)
    let exchange = Exchange.opened()
    var lease = try lease(book)
    _ = try call(exchange, &lease)
    try RequestPath.fleetAnswered(exchange, answer("0 0 0"), lease: &lease, now: 0, wall: wall)
    #expect(exchange.rateLimits.requests == RateLimitView.Part(limit: 8, remaining: 5, reset: 3_000_000_000))
    #expect(exchange.rateLimits.tokens?.remaining == 3000)
    _ = lease.take()?.settle(ActualUsage(input: 100, output: 100, usd: 0.001), now: 0, wall: wall)
    let told = try #require(book.nextSettlement(now: 0))
    #expect(told.call.script == .settle)
    #expect(told.call.numbers.hasPrefix("2 1 2 1 1 2 \(wall) 1000000 200 \(wall) 1000000 200 -100 6000 4000 0 "))
  }

  @Test(
    "what the store refuses leaves nothing behind",
    arguments: [
      ("1 1 1", ErrorCode.budgetExceeded), ("1 1 3", .budgetExceeded), ("2 1 0", .rateLimitExceeded),
      ("3 1 2500000", .rateLimitExceeded), ("3 2 -1", .rateLimitExceeded),
    ])
  func refuses(decision: String, code: ErrorCode) throws {
    let book = shared(policy)
    let exchange = Exchange.opened()
    var lease = try lease(book)
    _ = try call(exchange, &lease)
    do throws(Refusal) {
      try RequestPath.fleetAnswered(exchange, answer(decision), lease: &lease, now: 0, wall: wall)
      Issue.record("it passes")
    } catch {
      #expect(error.code == code)
      if decision == "3 1 2500000" { #expect(error.retryAfterSeconds == 3) }
    }
    if let left = lease.take() {
      left.release()
      Issue.record("a lease is left")
    }
    #expect(book.holds.concurrencyKeys == 0)
    #expect(book.holds.reserved == OwnerSpending.Amount())
    var next = try self.lease(book)
    #expect(next?.rateLimits.requests?.remaining == 7, "its count as a request too")
    next.take()?.release()
  }

  @Test(
    "an answer that is none counts as no answer", arguments: ["", "x", "0", "9 1 1 1", "1 7 1 1 1 1 1 1", "0 0 0 5 6"])
  func nonsense(text: String) throws {
    let book = shared(policy)
    let exchange = Exchange.opened()
    var lease = try lease(book)
    _ = try call(exchange, &lease)
    try RequestPath.fleetAnswered(exchange, .said(Array(text.utf8)), lease: &lease, now: 0, wall: wall)
    #expect(exchange.rateLimits.requests?.limit == 4, "this sidecar's share")
    lease.take()?.release()
  }

  @Test("without the store each sidecar has its share of rates, places and what is left of budgets")
  func shares() throws {
    var rates = policy
    (rates.concurrency, rates.budgets) = ([], [])
    #expect(try passed(rates, sidecars: 2) == 4)
    #expect(try passed(rates, sidecars: 100) == 1)
    var places = policy
    (places.rates, places.budgets) = ([], [])
    #expect(try passed(places, sidecars: 2) == 2)
    var budgets = policy
    (budgets.rates, budgets.concurrency) = ([], [])
    #expect(try passed(budgets, sidecars: 2) == 10, "half of twenty worst cases")
  }

  /// Requests in flight at the same time that pass while the store is away.
  private func passed(_ policy: LimitPolicy, sidecars: Int) throws -> Int {
    let book = shared(policy, sidecars: sidecars)
    let exchange = Exchange.opened()
    return try pass(book, exchange, left: 50)
  }

  private func pass(_ book: LimitBook, _ exchange: Exchange, left: Int) throws -> Int {
    guard left > 0 else { return 0 }
    do throws(Refusal) {
      var lease: LimitLease? = try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
      _ = try RequestPath.askFleet(exchange, lease: &lease, isUp: false, now: 0, wall: wall)
      let deeper = (try? pass(book, exchange, left: left - 1)) ?? 0
      lease.take()?.release()
      return 1 + deeper
    } catch { return 0 }
  }

  @Test("a budget's share is of what was left at the last contact")
  func shareOfWhatIsLeft() throws {
    var budgets = policy
    (budgets.rates, budgets.concurrency) = ([], [])
    let book = shared(budgets)
    let exchange = Exchange.opened()
    var lease = try lease(book)
    _ = try call(exchange, &lease)
    // Six thousandths of ten are spent and one is reserved, half of it here: three are left, and the share is 1.5.
    let said = "0 0 0 \(wall * 1_000_000) \(wall) 6000000 0 \(wall) 6000000 0 1000000 1000"
    try RequestPath.fleetAnswered(exchange, .said(Array(said.utf8)), lease: &lease, now: 0, wall: wall)
    #expect(try pass(book, exchange, left: 50) == 3)
    lease.take()?.release()
  }

  @Test("budgets go by the store's clock")
  func clock() throws {
    var budgets = policy
    (budgets.rates, budgets.concurrency) = ([], [])
    let book = shared(budgets)
    let exchange = Exchange.opened()
    var lease = try lease(book)
    _ = try call(exchange, &lease)
    // The store is five minutes behind, in the day before.
    let (now, day) = (wall - 300, wall - 86_400)
    let said = "0 0 0 \(now * 1_000_000) \(day) 9900000 0 \(day) 9900000 0 500000 500"
    try RequestPath.fleetAnswered(exchange, .said(Array(said.utf8)), lease: &lease, now: 0, wall: wall)
    #expect(book.remainingBudgets(wall: wall).first.map { abs($0.usd - 0.0001) < 1e-9 } == true)
    #expect(book.remainingBudgets(wall: wall + 300).first?.usd == 0.01, "the day ends when the store's does")
    lease.take()?.release()
  }
}
