import Testing

@testable import WeirPolicy

@Suite("Spending that one process leaves to another")
struct SavedSpendingTests {
  private static let day: Int64 = 1_795_219_200

  private func entry(
    _ client: String?, _ nanoUSD: Int64, _ tokens: Int64, start: Int64 = day, period: BudgetRule.Period = .day
  ) -> SavedSpending {
    SavedSpending(client: client, period: period, start: start, nanoUSD: nanoUSD, tokens: tokens)
  }

  @Test("is what was added since the other read the file")
  func difference() {
    let before = [entry(nil, 10, 100), entry("web", 10, 100), entry("batch", 7, 70)]
    let after = [entry(nil, 15, 130), entry("web", 15, 130), entry("batch", 7, 70)]
    #expect(SavedSpending.difference(after, since: before) == [entry(nil, 5, 30), entry("web", 5, 30)])
    #expect(SavedSpending.difference(after, since: after).isEmpty)
  }

  @Test("is all of a period that began since, and of a client that was not there")
  func newPeriods() {
    let next = Self.day + 86_400
    let after = [entry("web", 3, 4, start: next), entry("new", 1, 2), entry("web", 9, 9, period: .month)]
    #expect(SavedSpending.difference(after, since: [entry("web", 10, 100)]) == after)
  }

  @Test("is never below zero, whatever the file had")
  func noNegatives() {
    #expect(SavedSpending.difference([entry("web", 1, 50)], since: [entry("web", 10, 20)]) == [entry("web", 0, 30)])
    #expect(SavedSpending.difference([entry("web", 1, 2)], since: [entry("web", 10, 20)]).isEmpty)
  }

  @Test("is added to what the other has spent meanwhile")
  func adds() {
    var book = BudgetBook()
    book.spend(client: "web", OwnerSpending.Amount(usd: NanoUSD(100), tokens: 10), wall: Self.day + 5)
    book.add([entry("web", 5, 3), entry(nil, 5, 3), entry("batch", 1, 1)])
    #expect(book.spent(client: "web", .day, wall: Self.day + 6) == OwnerSpending.Amount(usd: NanoUSD(105), tokens: 13))
    #expect(book.spent(client: nil, .day, wall: Self.day + 6) == OwnerSpending.Amount(usd: NanoUSD(105), tokens: 13))
    #expect(book.spent(client: "batch", .day, wall: Self.day + 6).tokens == 1)
    #expect(book.version == 2, "it is to be saved")
  }

  @Test("counts for its own period: yesterday's changes nothing, tomorrow's begins a new one")
  func periods() {
    var book = BudgetBook()
    book.spend(client: "web", OwnerSpending.Amount(usd: NanoUSD(100), tokens: 10), wall: Self.day + 5)
    book.add([entry("web", 5, 3, start: Self.day - 86_400)])
    #expect(book.spent(client: "web", .day, wall: Self.day + 6).tokens == 10)
    book.add([entry("web", 5, 3, start: Self.day + 86_400)])
    #expect(book.spent(client: "web", .day, wall: Self.day + 86_401).tokens == 3)
  }

  @Test("saturates instead of overflowing")
  func saturates() {
    var book = BudgetBook()
    book.add([entry("web", .max, .max)])
    book.add([entry("web", .max, .max)])
    #expect(book.spent(client: "web", .day, wall: Self.day).tokens == .max)
  }
}
