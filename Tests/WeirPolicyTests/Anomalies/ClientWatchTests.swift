import Testing

@testable import WeirPolicy

@Suite("The watch on a client's traffic")
struct ClientWatchTests {
  private static let minute: Int64 = 60_000_000_000
  private let policy = AnomalyPolicy()

  /// So many equal requests.
  private func traffic(_ requests: Int, tokens: Int = 1000, cost: Double = 0.001, errors: Int = 0) -> ClientTraffic {
    var traffic = ClientTraffic()
    for index in 0..<requests { traffic.add(tokens: tokens, cost: cost, isError: index < errors) }
    return traffic
  }

  /// A client that was learned from for two hours of the same minutes.
  private func learned(_ usual: ClientTraffic, minutes: Int = 120) -> (watch: ClientWatch, minute: Int) {
    var watch = ClientWatch(client: "app", now: 0)
    for minute in 0..<minutes {
      watch.add(usual, now: Int64(minute) * Self.minute)
      #expect(watch.close(policy, now: Int64(minute) * Self.minute) == [])
    }
    return (watch, minutes)
  }

  private func kinds(
    _ watch: inout ClientWatch, _ traffic: ClientTraffic, minute: Int, policy: AnomalyPolicy? = nil
  ) -> [AnomalyKind] {
    watch.add(traffic, now: Int64(minute) * Self.minute)
    return watch.close(policy ?? self.policy, now: Int64(minute) * Self.minute).map(\.kind)
  }

  @Test("raises a rate ten times the usual, with what it is and what it used to be")
  func rate() throws {
    var (watch, minute) = learned(traffic(10, cost: 0))
    watch.add(traffic(100, cost: 0), now: Int64(minute) * Self.minute)
    let anomaly = try #require(watch.close(policy, now: Int64(minute) * Self.minute).first)
    #expect(anomaly.kind == .requestRate)
    #expect(anomaly.client == "app")
    #expect(anomaly.value == 100)
    #expect(abs(anomaly.expected - 10) < 0.5)
    #expect((anomaly.factor ?? 0) > 9)
  }

  @Test("does not wait for the minute's end when its requests are too many already")
  func early() {
    var (watch, minute) = learned(traffic(10, cost: 0))
    let now = Int64(minute) * Self.minute + 5_000_000_000
    watch.add(traffic(100, cost: 0), now: now)
    #expect(watch.judgeEarly(policy, now: now).map(\.kind) == [.requestRate])
    #expect(watch.close(policy, now: now) == [])
  }

  @Test("takes two requests that become five for nothing")
  func small() {
    var (watch, minute) = learned(traffic(2))
    #expect(kinds(&watch, traffic(5), minute: minute) == [])
    #expect(kinds(&watch, traffic(15), minute: minute + 1) == [])
  }

  @Test("raises nothing while it learns")
  func learning() {
    var (watch, minute) = learned(traffic(10), minutes: 59)
    #expect(kinds(&watch, traffic(500), minute: minute) == [])
  }

  @Test("raises longer requests and dearer minutes once they come twice in a row")
  func confirmed() {
    var (watch, minute) = learned(traffic(20, tokens: 1000, cost: 0.01))
    let dear = traffic(20, tokens: 20_000, cost: 0.2)
    #expect(kinds(&watch, dear, minute: minute) == [])
    #expect(Set(kinds(&watch, dear, minute: minute + 1)) == [.tokensPerRequest, .costRate])
    #expect(kinds(&watch, traffic(20, tokens: 1000, cost: 0.01), minute: minute + 2) == [])
  }

  @Test("raises errors as a share of requests")
  func errors() {
    var (watch, minute) = learned(traffic(30))
    #expect(kinds(&watch, traffic(30, errors: 3), minute: minute) == [])
    #expect(kinds(&watch, traffic(30, errors: 20), minute: minute + 1) == [.errorRate])
  }

  @Test("says the same once in a cool-down, and again while it lasts")
  func coolDown() {
    var (watch, minute) = learned(traffic(10, cost: 0))
    var raised: [Int] = []
    for offset in 0..<25 where !kinds(&watch, traffic(100, cost: 0), minute: minute + offset).isEmpty {
      raised.append(offset)
    }
    #expect(raised == [0, 10, 20])
  }

  @Test("takes what lasts as long as learning for the usual")
  func adopted() {
    var (watch, minute) = learned(traffic(10, cost: 0))
    var last = 0
    for offset in 0..<400 where !kinds(&watch, traffic(100, cost: 0), minute: minute + offset).isEmpty { last = offset }
    #expect((50...60).contains(last))
  }

  @Test("knows a daily batch after some days, and still tells of one ten times as large")
  func batch() {
    var watch = ClientWatch(client: "app", now: 0)
    var raised: [Int] = []
    for minute in 0..<(10 * 1440) {
      let requests = minute % 1440 == 600 ? (minute / 1440 == 9 ? 3000 : 300) : 3
      if !kinds(&watch, traffic(requests, cost: 0), minute: minute).isEmpty { raised.append(minute / 1440) }
    }
    #expect(raised.first == 0)
    #expect(raised.last == 9)
    #expect(raised.count <= 6)
  }

  @Test("takes a shorter time to learn in shorter intervals")
  func intervals() {
    #expect(AnomalyPolicy().interval == Self.minute)
    #expect(AnomalyPolicy(learnTime: 30_000_000_000).interval == 3_000_000_000)
    #expect(AnomalyPolicy(learnTime: 1).interval == 100_000_000)
    #expect(AnomalyPolicy(learnTime: 30_000_000_000).learnIntervals == 10)
  }

  @Test("survives numbers that no upstream should send")
  func oddNumbers() {
    var odd = ClientTraffic()
    odd.add(tokens: .max, cost: .infinity, isError: false)
    odd.add(tokens: .max, cost: .nan, isError: false)
    odd.add(tokens: -5, cost: -1, isError: false)
    var watch = ClientWatch(client: "app", now: 0)
    for minute in 0..<100 { _ = kinds(&watch, odd, minute: minute) }
  }
}
