import Testing

@testable import WeirPolicy

@Suite("The book of clients' traffic")
struct AnomalyBookTests {
  private static let second: Int64 = 1_000_000_000
  /// Intervals of three seconds.
  private let policy = AnomalyPolicy(learnTime: 30_000_000_000, coolDown: 60_000_000_000)

  private func traffic(_ requests: Int) -> ClientTraffic {
    var traffic = ClientTraffic()
    for _ in 0..<requests { traffic.add(tokens: nil, cost: nil, isError: false) }
    return traffic
  }

  @Test("closes intervals by the clock and tells clients apart")
  func clients() {
    var book = AnomalyBook()
    var found: [Anomaly] = []
    for second in 0..<90 {
      found += book.advance(
        ["calm": traffic(5), "wild": traffic(second >= 80 ? 100 : 5)], policy: policy, now: Int64(second) * Self.second)
    }
    #expect(found.map(\.client) == ["wild"])
    #expect(found.first?.kind == .requestRate)
    // 5 in a second are 300 in a minute.
    #expect(found.first.map { $0.expected > 200 && $0.expected < 400 } == true)
  }

  @Test("lets a pause of the process pass without a flood of work or of anomalies")
  func pause() {
    var book = AnomalyBook()
    for second in 0..<60 { _ = book.advance(["app": traffic(5)], policy: policy, now: Int64(second) * Self.second) }
    let after = 1_000_000 * Self.second
    #expect(book.advance([:], policy: policy, now: after) == [])
    #expect(book.advance(["app": traffic(5)], policy: policy, now: after + Self.second) == [])
  }

  @Test("begins anew when the interval changes")
  func otherInterval() {
    var book = AnomalyBook()
    for second in 0..<60 { _ = book.advance(["app": traffic(5)], policy: policy, now: Int64(second) * Self.second) }
    #expect(book.advance(["app": traffic(500)], policy: AnomalyPolicy(), now: 61 * Self.second) == [])
  }

  @Test("forgets the client that was silent longest when there are too many")
  func bound() {
    var book = AnomalyBook()
    var many: [String: ClientTraffic] = [:]
    for index in 0..<AnomalyBook.maximumClients { many["c\(index)"] = traffic(1) }
    _ = book.advance(many, policy: policy, now: 0)
    _ = book.advance(["new": traffic(1)], policy: policy, now: Self.second)
    #expect(book.clients == AnomalyBook.maximumClients)
  }
}
