import Testing

@testable import WeirPolicy

@Suite("An index of rules")
struct RuleIndexTests {
  @Test("gives a client its own rules and everybody's, in their order, and nobody else's")
  func order() {
    let index = RuleIndex(clients: [["a"], [], ["b", "a", "a"], [], ["c"]])
    #expect(index.rules(for: "a") == [0, 1, 2, 3])
    #expect(index.rules(for: "b") == [1, 2, 3])
    #expect(index.rules(for: "c") == [1, 3, 4])
    #expect(index.rules(for: "d") == [1, 3])
    #expect(RuleIndex().rules(for: "a") == [])
    #expect(RuleIndex(clients: [["a"]]).rules(for: "b") == [])
  }

  @Test("lets ten thousand clients have limits of their own: each holds for its client, over reloads too")
  func many() throws {
    let names = (0..<10_000).map { "client-\($0)" }
    func policy(_ extra: [String]) -> LimitPolicy {
      LimitPolicy(
        rates: (names + extra).map {
          LimitRule(
            name: "rpm", unit: .requests, perMinute: 2, scope: LimitScope(per: [.client], clients: [$0]))
        },
        budgets: names.map { BudgetRule(name: "usd_day", period: .day, owner: .eachClient([$0]), usd: 1) })
    }
    let book = LimitBook(policy([]))
    func asks(_ client: String) -> Bool {
      let subject = LimitSubject(client: client, user: nil, model: "m")
      let estimate = TokenEstimate(input: 1, output: 1, outputBound: 1)
      do throws(Refusal) {
        _ = try book.admit(subject, estimate: estimate, prices: nil, now: 0, wall: 0).settle(
          ActualUsage(input: 1, output: 1, usd: 0), now: 0, wall: 0)
        return true
      } catch {
        return false
      }
    }
    #expect(asks("client-7") && asks("client-7") && !asks("client-7"))
    #expect(asks("client-8"))
    #expect(asks("stranger") && asks("stranger") && asks("stranger"))
    book.replace(policy(["new"]))
    #expect(!asks("client-7"))
    #expect(asks("client-8") && !asks("client-8"))
    #expect(book.remainingBudgets(wall: 0).count == 10_000)
  }
}
