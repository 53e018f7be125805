import Testing

@testable import WeirPolicy

@Suite("A reservation at other prices")
struct RepriceTests {
  private let wall: Int64 = 1_795_219_200
  private let subject = LimitSubject(client: "a", user: nil, model: "m")
  private let estimate = TokenEstimate(input: 0, output: 100, outputBound: 100)
  private let cheap = ModelPrices(input: 1, output: 1)
  private let dear = ModelPrices(input: 1, output: 20)

  private func book(usd: Double) -> LimitBook {
    LimitBook(LimitPolicy(budgets: [BudgetRule(name: "b", period: .day, owner: .everyone, usd: usd)]))
  }

  @Test("holds what the dearer model could cost, and settles at its prices")
  func dearer() throws {
    let book = book(usd: 1)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    #expect(book.holds.reserved.usd == NanoUSD(100_000))
    try lease.reprice(dear, wall: wall)
    #expect(book.holds.reserved.usd == NanoUSD(2_000_000))
    #expect(lease.settle(ActualUsage(input: 0, output: 10), now: 0, wall: wall).usd == 200e-6)
    #expect(book.holds.reserved.usd == NanoUSD(0))
  }

  @Test("is refused where the budget does not allow it, and stays what it was")
  func refused() throws {
    let book = book(usd: 0.001)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    var refused: Refusal?
    do throws(Refusal) { try lease.reprice(dear, wall: wall) } catch { refused = error }
    #expect(refused?.code == .budgetExceeded && refused?.limit == "b")
    #expect(book.holds.reserved.usd == NanoUSD(100_000))
    lease.release()
    #expect(book.holds.reserved.usd == NanoUSD(0))
  }

  @Test("counts what others hold, and not what the request itself held")
  func others() throws {
    let book = book(usd: 0.00205)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    try lease.reprice(dear, wall: wall)
    try lease.reprice(cheap, wall: wall)
    let other = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    var isRefused = false
    do throws(Refusal) { try lease.reprice(dear, wall: wall) } catch { isRefused = true }
    #expect(isRefused)
    other.release()
    try lease.reprice(dear, wall: wall)
    lease.release()
    #expect(book.holds.reserved.usd == NanoUSD(0))
  }

  @Test("is nothing for the same prices, and without a budget")
  func same() throws {
    let book = book(usd: 0.0001)
    var lease = try book.admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    book.replace(LimitPolicy(budgets: [BudgetRule(name: "b", period: .day, owner: .everyone, usd: 1e-9)]))
    try lease.reprice(cheap, wall: wall)
    #expect(book.holds.reserved.usd == NanoUSD(100_000))
    lease.release()
    var free = try LimitBook(.none).admit(subject, estimate: estimate, prices: cheap, now: 0, wall: wall)
    try free.reprice(dear, wall: wall)
    free.release()
  }
}
