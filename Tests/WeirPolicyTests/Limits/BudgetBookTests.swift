import Testing

@testable import WeirPolicy

@Suite("Budgets")
struct BudgetBookTests {
  /// 2026-11-21 00:00 UTC.
  private let midnight: Int64 = 1_795_219_200
  /// A dollar for a million tokens, in or out.
  private let prices = ModelPrices(input: 1, output: 1)

  private func book(_ rules: BudgetRule..., outputCap: Int = 1000) -> BudgetBook {
    var book = BudgetBook()
    book.replace(rules, outputCap: outputCap)
    return book
  }

  private func rule(
    _ name: String = "b", _ period: BudgetRule.Period = .day, _ owner: BudgetRule.Owner = .eachClient([]),
    usd: Double? = nil, tokens: Int? = nil, isHard: Bool = true
  ) -> BudgetRule {
    BudgetRule(name: name, period: period, owner: owner, usd: usd, tokens: tokens, isHard: isHard)
  }

  /// A request that costs at most so many millionths of a dollar.
  private func estimate(_ tokens: Int) -> TokenEstimate {
    TokenEstimate(input: tokens, output: 0, outputBound: 0)
  }

  private func shortage(
    _ book: BudgetBook, _ tokens: Int, by client: String = "a", prices: ModelPrices?, at wall: Int64
  ) -> BudgetBook.Shortage? {
    do throws(BudgetBook.Shortage) {
      _ = try book.plan(client: client, estimate: estimate(tokens), prices: prices, wall: wall)
      return nil
    } catch { return error }
  }

  private func spend(_ book: inout BudgetBook, _ micros: Int64, by client: String = "a", at wall: Int64) {
    let amount = OwnerSpending.Amount(usd: NanoUSD(micros * 1000), tokens: micros)
    book.spend(client: client, amount, wall: wall)
  }

  @Test("keep few clients for good, and of very many those that spent lately or hold something")
  func forgets() throws {
    var book = book(rule(usd: 1))
    for number in 0..<BudgetBook.keptClients { spend(&book, 1, by: "job-\(number)", at: midnight) }
    let later = midnight + BudgetBook.keptSeconds + 86_400
    book.forgetPast(wall: later)
    #expect(book.clients.count == BudgetBook.keptClients, "an hour of a clock that is wrong must cost nothing")
    spend(&book, 1, by: "new", at: later)
    book.hold(try book.plan(client: "job-7", estimate: estimate(5), prices: prices, wall: later))
    book.forgetPast(wall: later - 2 * 86_400)
    #expect(book.clients.count == BudgetBook.keptClients + 1)
    let version = book.version
    book.forgetPast(wall: later)
    #expect(Set(book.clients.keys) == ["new", "job-7"])
    #expect(book.version != version, "the file has to follow")
    #expect(book.snapshot().contains { $0.client == nil }, "everyone's stays")
  }

  @Test("let a request start when all that is spent, reserved and possible fits, and not when one token does not")
  func hard() throws {
    var book = book(rule(usd: 0.001))
    #expect(shortage(book, 1000, prices: prices, at: midnight) == nil)
    #expect(shortage(book, 1001, prices: prices, at: midnight)?.reason == .tooLarge)
    let first = try book.plan(client: "a", estimate: estimate(600), prices: prices, wall: midnight)
    book.hold(first)
    #expect(shortage(book, 400, prices: prices, at: midnight) == nil)
    #expect(shortage(book, 401, prices: prices, at: midnight)?.reason == .held)
    #expect(shortage(book, 1000, by: "other", prices: prices, at: midnight) == nil)
    book.release(first)
    spend(&book, 100, at: midnight)
    #expect(shortage(book, 900, prices: prices, at: midnight) == nil)
    spend(&book, 900, at: midnight + 3600)
    let used = try #require(shortage(book, 1, prices: prices, at: midnight + 3600))
    #expect(used.reason == .usedUp)
    #expect(used.secondsLeft == 82_800)
    #expect(shortage(book, 1000, prices: prices, at: midnight + 86_400) == nil)
  }

  @Test("let what is free go on when the money is gone, and nothing whose price is not known")
  func freeModels() {
    var book = book(rule(usd: 0.001))
    #expect(shortage(book, 9999, prices: nil, at: midnight) == nil)
    spend(&book, 1000, at: midnight)
    #expect(shortage(book, 9999, prices: .free, at: midnight) == nil)
    #expect(shortage(book, 1, prices: nil, at: midnight)?.reason == .usedUp)
    let nothing = self.book(rule(usd: 0))
    #expect(shortage(nothing, 1, prices: .free, at: midnight) == nil)
    #expect(shortage(nothing, 1, prices: nil, at: midnight)?.reason == .usedUp)
  }

  @Test("reserve no money where no price is known")
  func unknownPrice() throws {
    let money = try book(rule(usd: 1)).plan(client: "a", estimate: estimate(9), prices: nil, wall: midnight)
    #expect(money.amount == OwnerSpending.Amount(usd: .zero, tokens: 9))
  }

  @Test("bound tokens as they do money, and both at once")
  func tokens() {
    var book = book(rule(usd: 0.001, tokens: 500))
    #expect(shortage(book, 500, prices: prices, at: midnight) == nil)
    #expect(shortage(book, 501, prices: prices, at: midnight)?.reason == .tooLarge)
    book.spend(client: "a", OwnerSpending.Amount(usd: .zero, tokens: 500), wall: midnight)
    #expect(shortage(book, 0, prices: prices, at: midnight)?.reason == .usedUp)
  }

  @Test("reserve the dearest reading of the prices, rounded up")
  func worstCase() throws {
    let dear = ModelPrices(input: 0.0001, output: 2, cached: 3, reasoning: 4)
    let estimate = TokenEstimate(input: 1, output: 5, outputBound: 1000, inputBound: 10)
    let plan = try book(rule(usd: 1)).plan(client: "a", estimate: estimate, prices: dear, wall: midnight)
    #expect(plan.amount == OwnerSpending.Amount(usd: NanoUSD(10 * 3000 + 1000 * 4000), tokens: 1010))
    let cheap = ModelPrices(input: 0.0001, output: 0)
    let up = try book(rule(usd: 1)).plan(client: "a", estimate: self.estimate(1), prices: cheap, wall: midnight)
    #expect(up.amount.usd == NanoUSD(1))
  }

  @Test("ask for an output bound where a request has none and a hard budget applies, for each of its choices")
  func outputCap() throws {
    let open = TokenEstimate(input: 10, output: 50, outputBound: nil, choices: 3)
    let hard = book(rule("c", .day, .eachClient(["a"]), usd: 1), outputCap: 200)
    let capped = try hard.plan(client: "a", estimate: open, prices: prices, wall: midnight)
    #expect(capped.outputCap == 200)
    #expect(capped.amount.tokens == 610)
    let free = try hard.plan(client: "b", estimate: open, prices: prices, wall: midnight)
    #expect(free.outputCap == nil)
    #expect(free.amount.tokens == 60)
    let bounded = TokenEstimate(input: 10, output: 50, outputBound: 70)
    #expect(try hard.plan(client: "a", estimate: bounded, prices: prices, wall: midnight).outputCap == nil)
    let soft = book(rule(usd: 1, isHard: false))
    #expect(try soft.plan(client: "a", estimate: open, prices: prices, wall: midnight).outputCap == nil)
  }

  @Test("hold the larger of the cap and what was asked for where the model takes no bound, and never less")
  func unheld() throws {
    var estimate = TokenEstimate(input: 10, output: 50, outputBound: nil)
    estimate.isHeldToNoBound(asked: 7)
    let hard = book(rule("c", usd: 1), outputCap: 200)
    #expect(try hard.plan(client: "a", estimate: estimate, prices: prices, wall: midnight).amount.tokens == 210)
    estimate.isHeldToNoBound(asked: 900)
    #expect(try hard.plan(client: "a", estimate: estimate, prices: prices, wall: midnight).amount.tokens == 910)
    estimate.isHeldToNoBound(asked: nil)
    let small = book(rule("c", .day, tokens: 150), outputCap: 200)
    #expect(throws: BudgetBook.Shortage.self) {
      try small.plan(client: "a", estimate: estimate, prices: prices, wall: midnight)
    }
    let held = TokenEstimate(input: 10, output: 50, outputBound: nil)
    #expect(try small.plan(client: "a", estimate: held, prices: prices, wall: midnight).outputCap == 100)
  }

  @Test("only name a soft budget that is used up")
  func soft() throws {
    var book = book(rule("s", usd: 0.001, isHard: false), rule("t", .month, .everyone, tokens: 5000, isHard: false))
    func names(_ client: String) throws -> [String] {
      try book.plan(client: client, estimate: estimate(1), prices: prices, wall: midnight).softBudgetsUsedUp
    }
    spend(&book, 999, at: midnight)
    #expect(try names("a") == [])
    spend(&book, 1, at: midnight)
    #expect(try names("a") == ["s"])
    #expect(try names("b") == [])
    spend(&book, 4000, at: midnight)
    #expect(try names("b") == ["t"])
    #expect(try names("a") == ["s", "t"])
  }

  @Test("share a total among all clients, for a month too")
  func everyone() {
    var book = book(rule("total", .month, .everyone, usd: 0.001))
    spend(&book, 600, by: "a", at: midnight)
    #expect(shortage(book, 401, by: "b", prices: prices, at: midnight + 86_400)?.reason == .tooLarge)
    #expect(shortage(book, 400, by: "b", prices: prices, at: midnight + 86_400) == nil)
    // 2026-12-01.
    #expect(shortage(book, 1000, by: "b", prices: prices, at: midnight + 10 * 86_400) == nil)
  }

  @Test("never un-spend when the clock jumps back, and begin anew only with a later period")
  func clockJumps() throws {
    var book = book(rule(usd: 0.001))
    spend(&book, 700, at: midnight)
    spend(&book, 200, at: midnight - 5 * 86_400)
    #expect(book.spent(client: "a", .day, wall: midnight).usd == NanoUSD(900_000))
    let short = try #require(shortage(book, 101, prices: prices, at: midnight - 86_400))
    #expect(short.secondsLeft == 2 * 86_400)
    #expect(shortage(book, 101, prices: prices, at: .min)?.reason == .tooLarge)
    #expect(shortage(book, 1000, prices: prices, at: .max) == nil)
    spend(&book, 1, at: midnight + 86_400)
    #expect(book.spent(client: "a", .day, wall: midnight).usd == NanoUSD(1000))
    #expect(book.spent(client: "a", .month, wall: midnight).usd == NanoUSD(901_000))
  }

  @Test("keep what requests in flight hold beyond midnight, and book it in the day that it is settled in")
  func midnightPasses() throws {
    var book = book(rule(usd: 0.001))
    let held = try book.plan(client: "a", estimate: estimate(800), prices: prices, wall: midnight - 1)
    book.hold(held)
    #expect(shortage(book, 201, prices: prices, at: midnight)?.reason == .held)
    book.release(held)
    spend(&book, 500, at: midnight + 1)
    #expect(book.spent(client: "a", .day, wall: midnight).usd == NanoUSD(500_000))
    #expect(book.reserved == OwnerSpending.Amount())
  }

  @Test("are told by what is left of the tightest one, never below zero")
  func remaining() {
    var book = book(
      rule("day", .day, .eachClient([]), usd: 1), rule("named", .month, .eachClient(["c"]), usd: 0.25),
      rule("total", .day, .everyone, usd: 1.5), rule("tokens", tokens: 1))
    #expect(book.remaining(wall: midnight).map(\.client) == ["c"])
    spend(&book, 400_000, by: "a", at: midnight)
    spend(&book, 900_000, by: "b", at: midnight)
    let left = book.remaining(wall: midnight)
    #expect(left.map(\.client) == ["a", "b", "c"])
    for (found, expected) in zip(left.map(\.usd), [0.2, 0.1, 0.2]) { #expect(abs(found - expected) < 1e-12) }
    spend(&book, 900_000, by: "c", at: midnight)
    #expect(book.remaining(wall: midnight).map(\.usd) == [0, 0, 0])
    #expect(self.book(rule(tokens: 1)).remaining(wall: midnight).isEmpty)
  }

  @Test("remember over a restart what was spent, and nothing that was only reserved")
  func restart() throws {
    var before = book(rule(usd: 1))
    before.hold(try before.plan(client: "a", estimate: estimate(77), prices: prices, wall: midnight))
    spend(&before, 10, by: "a", at: midnight)
    spend(&before, 20, by: "b", at: midnight - 86_400)
    let saved = before.snapshot()
    var after = book(rule(usd: 1))
    after.restore(saved)
    after.restore(saved)
    #expect(after.snapshot() == saved)
    #expect(after.reserved == OwnerSpending.Amount())
    #expect(after.spent(client: nil, .month, wall: midnight).tokens == 30)
    #expect(after.spent(client: "a", .day, wall: midnight).usd == NanoUSD(10_000))
    #expect(after.spent(client: "b", .day, wall: midnight).usd == .zero)
    spend(&after, 5, by: "a", at: midnight)
    after.restore(saved)
    #expect(after.spent(client: "a", .day, wall: midnight).usd == NanoUSD(15_000))
    spend(&after, 1, by: "a", at: midnight + 86_400)
    after.restore(saved)
    #expect(after.spent(client: "a", .day, wall: midnight + 86_400).usd == NanoUSD(1000))
  }

  @Test("see all spending when a reload brings another rule")
  func reload() {
    var book = book(rule(tokens: 1_000_000))
    spend(&book, 900, at: midnight)
    book.replace([rule("m", .month, .eachClient(["a"]), usd: 0.001)], outputCap: 1)
    #expect(shortage(book, 101, prices: prices, at: midnight)?.rule.name == "m")
  }
}

@Suite("Concurrent requests never overspend a hard budget beyond the documented bound")
struct OverspendTests {
  private struct InFlight {
    let reservation: BudgetBook.Reservation
    let actual: Int64
    var excess: Int64 { max(actual - reservation.amount.usd.value, 0) }
  }

  @Test("over random requests, prices, costs and orders", arguments: 0..<60 as Range<UInt64>)
  func bound(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let limit: Int64 = .random(in: 1_000_000...50_000_000, using: &random)
    var book = BudgetBook()
    let owner: BudgetRule.Owner = seed % 2 == 0 ? .everyone : .eachClient([])
    book.replace([BudgetRule(name: "b", period: .month, owner: owner, usd: Double(limit) / 1e9)], outputCap: 500)
    let isDear = seed % 3 == 0
    var flights: [InFlight] = []
    var (spent, bound): (Int64, Int64) = (0, limit)
    var refused = 0
    for _ in 0..<3000 {
      if flights.count < 12, Bool.random(using: &random) {
        let prices = ModelPrices(input: .random(in: 0...3, using: &random), output: .random(in: 0...9, using: &random))
        let estimate = TokenEstimate(
          input: .random(in: 0...2000, using: &random), output: 10,
          outputBound: Bool.random(using: &random) ? .random(in: 0...900, using: &random) : nil)
        guard
          let plan = try? book.plan(
            client: "a", estimate: estimate, prices: seed % 5 == 0 ? nil : prices, wall: 1_795_219_200)
        else {
          refused += 1
          continue
        }
        book.hold(plan)
        let reserved = plan.amount.usd.value
        let most = isDear || seed % 5 == 0 ? 3 * reserved + 100_000 : reserved
        flights.append(InFlight(reservation: plan, actual: .random(in: 0...most, using: &random)))
        bound = limit + flights.reduce(0) { $0 + $1.excess }
      } else if !flights.isEmpty {
        let ended = flights.remove(at: .random(in: flights.indices, using: &random))
        book.release(ended.reservation)
        if Int.random(in: 0..<4, using: &random) > 0 {
          book.spend(
            client: "a", OwnerSpending.Amount(usd: NanoUSD(ended.actual), tokens: 1), wall: 1_795_219_200)
          spent += ended.actual
        }
      }
      #expect(spent <= bound)
      #expect(book.reserved.usd.value == flights.reduce(0) { $0 + $1.reservation.amount.usd.value })
    }
    #expect(book.spent(client: "a", .month, wall: 1_795_219_200).usd == NanoUSD(spent))
    #expect(refused > 0)
    if !isDear, seed % 5 != 0 { #expect(spent <= limit) }
    for flight in flights { book.release(flight.reservation) }
    #expect(book.reserved == OwnerSpending.Amount())
  }
}
