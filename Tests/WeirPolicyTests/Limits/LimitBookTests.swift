import Testing

@testable import WeirPolicy

@Suite("The book of limits and budgets")
struct LimitBookTests {
  private let second: Int64 = 1_000_000_000
  private let wall: Int64 = 1_795_219_200
  private let prices = ModelPrices(input: 1, output: 1)
  private let subject = LimitSubject(client: "a", user: "u", model: "a/b")
  private let estimate = TokenEstimate(input: 100, output: 200, outputBound: 400)

  private let full = LimitPolicy(
    rates: [
      LimitRule(name: "rpm", unit: .requests, perMinute: 60, scope: LimitScope(per: [.client])),
      LimitRule(name: "tpm", unit: .tokens, perMinute: 6000, burst: 1000, scope: LimitScope(per: [.client])),
    ],
    concurrency: [ConcurrencyRule(name: "slots", maximum: 2, scope: LimitScope(per: [.client]))],
    budgets: [BudgetRule(name: "usd_day", period: .day, owner: .eachClient([]), usd: 0.002)])

  private func refusal(_ book: LimitBook, _ estimate: TokenEstimate, now: Int64 = 0) -> Refusal? {
    do throws(Refusal) {
      let lease = try book.admit(subject, estimate: estimate, prices: prices, now: now, wall: wall)
      lease.release()
      return nil
    } catch { return error }
  }

  private var nothing: OwnerSpending.Amount { OwnerSpending.Amount() }

  @Test("holds nothing and knows nothing where nothing is limited")
  func unlimited() throws {
    let book = LimitBook(.none)
    #expect(!book.needsEstimate)
    for _ in 0..<100 {
      let lease = try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
      #expect(lease.rateLimits == RateLimitView())
      #expect(lease.outputCap == nil)
      #expect(lease.settle(ActualUsage(input: 1, output: 1), now: 0, wall: wall) == Settlement())
    }
    #expect(book.holds == (0, 0, nothing))
    #expect(book.spending(since: 0) == nil)
  }

  @Test("settles to what was used, and tells how wrong the estimate was")
  func settle() throws {
    let book = LimitBook(full)
    let lease = try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
    #expect(lease.rateLimits.requests?.remaining == 59)
    #expect(lease.rateLimits.tokens?.remaining == 700)
    #expect(book.holds == (1, 2, OwnerSpending.Amount(usd: NanoUSD(500_000), tokens: 500)))
    let settlement = lease.settle(ActualUsage(input: 90, output: 310, usd: 0.0007), now: 0, wall: wall)
    #expect(settlement == Settlement(estimateError: 100, usd: 0.0007))
    #expect(book.holds == (0, 2, nothing))
    #expect(
      book.remainingBudgets(wall: wall).map(\.client) == ["a"]
        && abs((book.remainingBudgets(wall: wall).first?.usd ?? 0) - 0.0013) < 1e-12)
    #expect(book.averageOutput(of: "A/B:free") == 499)
    let next = try book.admit(subject, estimate: .none, prices: prices, now: 0, wall: wall)
    #expect(next.rateLimits.tokens?.remaining == 600)
    #expect(next.rateLimits.requests?.remaining == 58)
    #expect(
      next.settle(ActualUsage(input: 3, output: 4, state: .estimated), now: 0, wall: wall)
        == Settlement(estimateError: nil, usd: 7e-6))
    #expect(book.averageOutput(of: "a/b") == 499)
  }

  @Test("takes everything back from a lease that is released or dropped, but its count as a request")
  func release() throws {
    let book = LimitBook(full)
    for isDropped in [true, false, true, false] {
      let lease = try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
      #expect(book.holds.concurrencyKeys == 1)
      if isDropped { _ = consume lease } else { lease.release() }
      #expect(book.holds == (0, 2, nothing))
    }
    let lease = try book.admit(subject, estimate: .none, prices: prices, now: 0, wall: wall)
    #expect(lease.rateLimits.requests?.remaining == 55)
    #expect(lease.rateLimits.tokens?.remaining == 1000)
    #expect(book.spending(since: 0) == nil)
  }

  @Test("gives each concurrency slot back once, whatever order leases end in")
  func slots() throws {
    let book = LimitBook(full)
    let small = TokenEstimate(input: 1, output: 1, outputBound: 1)
    let first = try book.admit(subject, estimate: small, prices: prices, now: 0, wall: wall)
    let second = try book.admit(subject, estimate: small, prices: prices, now: 0, wall: wall)
    #expect(refusal(book, small)?.limit == "slots")
    first.release()
    #expect(refusal(book, small) == nil)
    let third = try book.admit(subject, estimate: small, prices: prices, now: 0, wall: wall)
    #expect(refusal(book, small)?.limit == "slots")
    _ = second.settle(ActualUsage(input: 1, output: 1), now: 0, wall: wall)
    third.release()
    #expect(book.holds.concurrencyKeys == 0)
  }

  @Test("tells a client that a rate is reached, when to come back, and how it stands")
  func rateRefusal() throws {
    let book = LimitBook(full)
    let lease = try book.admit(
      subject, estimate: TokenEstimate(input: 400, output: 400, outputBound: 400), prices: prices, now: 0, wall: wall)
    let refusal = try #require(self.refusal(book, estimate, now: second / 2))
    #expect(refusal.code == .rateLimitExceeded)
    #expect(refusal.status == 429)
    #expect(refusal.limit == "tpm")
    #expect(refusal.what == "the limit `tpm` of 6000 tokens a minute is reached")
    #expect(refusal.retryAfterSeconds == 1)
    #expect(
      refusal.fields.map { "\($0.name): \($0.value)" } == [
        "retry-after-ms: 500", "x-ratelimit-limit-requests: 60", "x-ratelimit-limit-tokens: 1000",
        "x-ratelimit-remaining-requests: 59", "x-ratelimit-remaining-tokens: 250",
        "x-ratelimit-reset-requests: 500ms", "x-ratelimit-reset-tokens: 7.5s",
      ])
    #expect(self.refusal(book, estimate, now: second) == nil)
    lease.release()
  }

  @Test("tells a client that its request never fits and that trying again is of no use")
  func neverRefusal() throws {
    let book = LimitBook(full)
    let refusal = try #require(self.refusal(book, TokenEstimate(input: 1001, output: 0, outputBound: 0)))
    #expect(refusal.limit == "tpm")
    #expect(refusal.retryAfterSeconds == 1)
    #expect(refusal.fields.contains(.shouldNotRetry))
    #expect(!refusal.fields.contains { $0.name == "retry-after-ms" })
    #expect(refusal.what.contains("1001"))
  }

  @Test("tells a client that the budget is gone and until when, and takes nothing for it")
  func budgetRefusal() throws {
    let book = LimitBook(full)
    let large = TokenEstimate(input: 100, output: 100, outputBound: 1950)
    let refused = try #require(refusal(book, large))
    #expect(refused.code == .budgetExceeded)
    #expect(refused.status == 429)
    #expect(refused.limit == "usd_day")
    #expect(refused.retryAfterSeconds == 86_400)
    #expect(refused.fields == [Refusal.Field(name: "x-should-retry", value: "false")])
    #expect(book.holds == (0, 0, nothing))
    let lease = try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
    let held = try #require(refusal(book, TokenEstimate(input: 1, output: 1, outputBound: 1600)))
    #expect(held.what.contains("in flight"))
    #expect(held.retryAfterSeconds == 5)
    #expect(held.fields == [])
    _ = lease.settle(ActualUsage(input: 0, output: 0, usd: 0.002), now: 0, wall: wall)
    #expect(refusal(book, estimate)?.what == "the budget `usd_day` of this UTC day is used up")
  }

  @Test("gives an output cap to a request without a bound")
  func cap() throws {
    var policy = full
    policy.outputCap = 500
    let open = TokenEstimate(input: 100, output: 200, outputBound: nil)
    let lease = try LimitBook(policy).admit(subject, estimate: open, prices: prices, now: 0, wall: wall)
    #expect(lease.outputCap == 500)
  }

  @Test("keeps counts, requests in flight and spending over a reload")
  func reload() throws {
    let book = LimitBook(full)
    let spent = try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
    _ = spent.settle(ActualUsage(input: 100, output: 200), now: 0, wall: wall)
    let lease = try book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: wall)
    book.replace(.none)
    #expect(!book.needsEstimate)
    #expect(refusal(book, TokenEstimate(input: 9_999_999, output: 0, outputBound: 0)) == nil)
    book.replace(full)
    #expect(book.needsEstimate)
    #expect(book.holds == (0, 0, OwnerSpending.Amount(usd: NanoUSD(500_000), tokens: 500)))
    #expect(lease.settle(ActualUsage(input: 100, output: 200), now: 0, wall: wall).usd == 3e-4)
    let saved = try #require(book.spending(since: 0))
    #expect(saved.spending.first { $0.client == "a" && $0.period == .day }?.nanoUSD == 600_000)
    #expect(book.spending(since: saved.version) == nil)
    let other = LimitBook(full)
    other.restore(try SpendingFile.decode(SpendingFile.encode(saved.spending)))
    #expect(other.spending(since: 0)?.spending == saved.spending)
  }

  @Test("takes no usage from outside that cannot be")
  func nonsense() throws {
    let book = LimitBook(full)
    for (count, usd) in [(Int.max, Double.infinity), (.min, -1), (-1, .nan)] {
      guard let lease = try? book.admit(subject, estimate: .none, prices: prices, now: 0, wall: wall) else { continue }
      _ = lease.settle(ActualUsage(input: count, output: count, usd: usd), now: .max, wall: .max)
    }
    #expect(book.holds.concurrencyKeys == 0)
    #expect(book.holds.reserved == nothing)
  }

  /// Sends 500 random requests one after the other; gives the tokens that they used.
  private static func hammer(_ book: LimitBook, seed: UInt64) -> Int {
    var random = SplitMix64(seed: seed)
    var used = 0
    for _ in 0..<500 {
      let output = Int.random(in: 0...400, using: &random)
      let actual = Int.random(in: 0...output, using: &random)
      let estimate = TokenEstimate(input: 100, output: output, outputBound: output)
      let subject = LimitSubject(client: "\(seed)", user: nil, model: "m")
      let prices = ModelPrices(input: 1, output: 1)
      guard
        let lease = try? book.admit(subject, estimate: estimate, prices: prices, now: 0, wall: 1_795_219_200)
      else { continue }
      if actual % 3 == 0 {
        lease.release()
      } else {
        used += 100 + actual
        _ = lease.settle(ActualUsage(input: 100, output: actual), now: 0, wall: 1_795_219_200)
      }
    }
    return used
  }

  @Test("drifts by nothing and overspends by nothing when many threads use it at once")
  func threads() async throws {
    var policy = full
    policy.rates = [LimitRule(name: "t", unit: .tokens, perMinute: 1, burst: 1_000_000, scope: LimitScope(per: []))]
    policy.budgets = [BudgetRule(name: "b", period: .month, owner: .everyone, usd: 0.3)]
    policy.concurrency = [ConcurrencyRule(name: "c", maximum: 3, scope: LimitScope(per: [.model]))]
    let book = LimitBook(policy)
    let used = await withTaskGroup(of: Int.self) { group in
      for seed in 0..<8 as Range<UInt64> { group.addTask { LimitBookTests.hammer(book, seed: seed) } }
      return await group.reduce(0, +)
    }
    #expect(used <= 300_000)
    #expect(book.holds.concurrencyKeys == 0)
    #expect(book.holds.reserved == nothing)
    let total = try #require(book.spending(since: 0)).spending.first { $0.client == nil }
    #expect(total?.nanoUSD == Int64(used) * 1000)
    #expect(total?.tokens == Int64(used))
    let left = try book.admit(subject, estimate: .none, prices: .free, now: 0, wall: wall)
    #expect(left.rateLimits.tokens?.remaining == 1_000_000 - used)
  }
}
