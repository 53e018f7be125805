import Testing

@testable import WeirPolicy

@Suite("Spending of a process that hands over")
struct FleetHandOverTests {
  private let noon: Int64 = 1_795_219_200 + 43_200
  private let policy = LimitPolicy(budgets: [BudgetRule(name: "b", period: .day, owner: .eachClient([]), usd: 10)])

  private func book(isShared: Bool = true) -> LimitBook {
    let book = LimitBook(policy)
    if isShared { book.share(leasePercent: 0) }
    return book
  }

  /// A request that the store does not hear of.
  private func spend(_ usd: Double, in book: LimitBook) throws {
    let subject = LimitSubject(client: "a", user: nil, model: "m")
    var lease = try book.admit(subject, estimate: .none, prices: nil, now: 0, wall: noon)
    _ = try lease.askFleet(isUp: false, now: 0, wall: noon)
    _ = lease.settle(ActualUsage(input: 1, output: 1, usd: usd, state: .reported), now: 0, wall: noon)
  }

  private func left(_ book: LimitBook) -> Double? { book.remainingBudgets(wall: noon).first?.usd }

  /// Tells the store all; what that books of spending, in billionths of a dollar.
  private func told(by book: LimitBook) -> [Int64] {
    var booked: [Int64] = []
    while let next = book.nextSettlement(now: 0) {
      let numbers = next.call.numbers.split(separator: " ").compactMap { Int64($0) }
      let spends = Int(numbers[2])
      booked += (0..<spends).map { numbers[6 + 3 * $0 + 1] }
      let owners = String(repeating: " 0 0 0 0 0 0 0 0", count: next.owners.count)
      _ = book.settled(next, .said(Array("\(noon * 1_000_000)\(owners) 1".utf8)), wall: noon)
    }
    return booked
  }

  /// What a question says that the client has spent this day and month, in billionths of a dollar.
  private func said(by book: LimitBook) throws -> [Int64] {
    let subject = LimitSubject(client: "a", user: nil, model: "m")
    var lease = try book.admit(subject, estimate: .none, prices: nil, now: 0, wall: noon)
    guard case .asks(let call) = try lease.askFleet(isUp: true, now: 0, wall: noon) else { return [] }
    let numbers = call.numbers.split(separator: " ").compactMap { Int64($0) }
    return [numbers[14], numbers[17]]
  }

  @Test("leaves to that process what it has yet to tell the store, so that it counts once")
  func once() throws {
    let old = book()
    try spend(2, in: old)
    #expect(told(by: old) == [2_000_000_000, 2_000_000_000], "of the client and of everyone")
    try spend(3, in: old)
    let next = book()
    next.restore(old.spendingToHandOver)
    #expect(left(next) == 5, "what was spent counts at once")
    #expect(try said(by: next) == [2_000_000_000, 2_000_000_000], "and is not said to the store twice")
    #expect(told(by: next).isEmpty)
    #expect(told(by: old) == [3_000_000_000, 3_000_000_000])
    #expect(old.untoldSpending?.isEmpty == true)
  }

  @Test("is told by the one that took over where the other could not, whatever is on its way")
  func bequest() throws {
    let old = book()
    try spend(2, in: old)
    _ = old.nextSettlement(now: 0)
    try spend(3, in: old)
    let next = book()
    next.restore(old.spendingToHandOver)
    next.add(try SpendingFile.decode(SpendingFile.encode(try #require(old.untoldSpending))).spending)
    #expect(left(next) == 5)
    #expect(told(by: next) == [5_000_000_000, 5_000_000_000])
  }

  @Test("goes on from a second process to a third, of whom each has it once")
  func chain() throws {
    let (first, second, third) = (book(), book(), book())
    try spend(2, in: first)
    second.restore(try SpendingFile.decode(encoded(first)))
    try spend(1, in: second)
    third.restore(try SpendingFile.decode(encoded(second)))
    #expect(left(third) == 7)
    #expect(try said(by: third) == [0, 0])
    try spend(3, in: second)
    for old in [second, first] { third.add(try #require(old.untoldSpending)) }
    #expect(left(third) == 4)
    #expect(told(by: third) == [6_000_000_000, 6_000_000_000])
  }

  private func encoded(_ book: LimitBook) -> [UInt8] {
    let contents = book.spendingToHandOver
    return SpendingFile.encode(contents.spending, untold: contents.untold)
  }

  @Test("is handed over whole where nothing is shared")
  func alone() throws {
    let old = book(isShared: false)
    try spend(2, in: old)
    #expect(old.untoldSpending == nil)
    #expect(old.spendingToHandOver.spending == old.spending(since: 0)?.spending)
    #expect(old.spendingToHandOver.untold.isEmpty)
  }
}
