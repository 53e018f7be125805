import Testing

@testable import WeirPolicy

@Suite("The book of attempts")
struct AttemptBookTests {
  private static let second: Int64 = 1_000_000_000
  private let book = AttemptBook()
  private let plan = AttemptPlan(
    targets: ["a", "b", "c"].enumerated().map { place, name in
      AttemptTarget(
        upstream: place, model: nil, isFallback: false, contextWindow: place * 10,
        route: UpstreamRoute(id: name, name: name))
    })

  private func open(_ place: Int, now: Int64 = 0) {
    for _ in 0..<5 { _ = book.record(plan.targets[place].key, .failure, wasProbe: false, now: now) }
  }

  @Test("chooses the first target that takes requests, and tells why an earlier one does not")
  func choose() {
    #expect(book.choose(plan, now: 0) == .target(0, passedOver: nil))
    #expect(book.choose(plan, from: 2, now: 0) == .target(2, passedOver: nil))
    open(0)
    #expect(book.choose(plan, now: 0) == .target(1, passedOver: .open(until: 30 * Self.second)))
    #expect(book.choose(plan, from: 1, now: 0) == .target(1, passedOver: nil))
  }

  @Test("chooses none where all rest, and names the moment when the first is back")
  func none() {
    open(0)
    book.pause(plan.targets[1].key, until: 7, now: 0)
    open(2, now: 3)
    #expect(book.choose(plan, now: 3) == .none(.open(until: 7)))
    #expect(book.choose(plan, from: 2, now: 3) == .none(.open(until: 30 * Self.second + 3)))
    #expect(book.choose(AttemptPlan(targets: [plan.targets[1]]), now: 3) == .none(.paused(until: 7)))
    #expect(book.choose(plan, now: 7) == .target(1, passedOver: .open(until: 30 * Self.second)))
  }

  @Test("chooses nothing beyond the plan, and survives any place")
  func outside() {
    #expect(book.choose(AttemptPlan(targets: []), now: 0) == .none(.open(until: 0)))
    #expect(book.choose(plan, from: 3, now: 0) == .none(.open(until: 0)))
    #expect(book.choose(plan, from: .max, now: 0) == .none(.open(until: 0)))
    #expect(book.choose(plan, from: -1, now: 0) == .target(0, passedOver: nil))
    #expect(book.firstReady(plan, from: 3, now: 0) == nil)
  }

  @Test("lets one request probe, and gives the probe on when it is abandoned")
  func probe() throws {
    open(0)
    let later = 30 * Self.second
    guard case .probe(0, let change?, nil) = book.choose(plan, now: later) else {
      Issue.record("no probe")
      return
    }
    #expect(change.from == .open && change.to == .halfOpen)
    #expect(book.choose(plan, now: later) == .target(1, passedOver: .open(until: later + Self.second)))
    book.abandonProbe(plan.targets[0].key)
    #expect(book.choose(plan, now: later) == .probe(0, change: nil, passedOver: nil))
    #expect(book.record(plan.targets[0].key, .success, wasProbe: true, now: later)?.to == .closed)
    #expect(book.choose(plan, now: later) == .target(0, passedOver: nil))
  }

  @Test("finds the first target that would take a request, without taking its probe")
  func firstReady() {
    open(0)
    #expect(book.firstReady(plan, from: 0, now: 0) == 1)
    #expect(book.firstReady(plan, from: 0, widerThan: 10, now: 0) == 2)
    #expect(book.firstReady(plan, from: 0, widerThan: 20, now: 0) == nil)
    let later = 30 * Self.second
    #expect(book.firstReady(plan, from: 0, now: later) == 0)
    #expect(book.firstReady(plan, from: 0, now: later) == 0)
  }

  @Test("records a pause with the attempt that brought it")
  func pause() {
    let key = plan.targets[0].key
    #expect(book.record(key, .unknown, wasProbe: false, pause: 50, now: 10) == nil)
    #expect(book.rest(of: key, now: 10) == .paused(until: 60))
    _ = book.record(key, .success, wasProbe: false, pause: .max, now: 10)
    #expect(book.rest(of: key, now: 10) == .paused(until: .max))
    #expect(book.states(now: 10).map(\.pausedFor) == [.max - 10])
  }

  @Test("keeps circuits and counts under a new policy, and tells which circuits that closes")
  func replace() {
    open(0)
    for _ in 0..<3 { #expect(book.takeRetry(now: 0)) }
    #expect(book.replace(ResiliencePolicy()) == [])
    #expect(!book.takeRetry(now: 0))
    #expect(book.rest(of: plan.targets[0].key, now: 0) != nil)
    var policy = ResiliencePolicy()
    policy.circuit.isEnabled = false
    #expect(book.replace(policy).map(\.reason) == [.switchedOff])
    #expect(book.rest(of: plan.targets[0].key, now: 0) == nil)
  }

  @Test("in an outage lets the upstream see the failures that open the circuit, what was under way, and the probes")
  func outage() {
    for latency in [0, 200_000_000, 2 * Self.second] as [Int64] {
      let book = AttemptBook()
      let alone = AttemptPlan(targets: [plan.targets[0]])
      var underWay: [(endsAt: Int64, isProbe: Bool)] = []
      var (seen, probes, refused) = (0, 0, 0)
      let step = Self.second / 50
      for tick in 0..<Int64(3000) {
        let now = tick * step
        for attempt in underWay where attempt.endsAt <= now {
          _ = book.record(plan.targets[0].key, .failure, wasProbe: attempt.isProbe, now: now)
        }
        underWay.removeAll { $0.endsAt <= now }
        switch book.choose(alone, now: now) {
        case .target:
          seen += 1
          underWay.append((now + latency, false))
        case .probe:
          seen += 1
          probes += 1
          underWay.append((now + latency, true))
        case .none: refused += 1
        }
      }
      // Fifty requests a second: those under way when the fifth fails are as many as its latency lets in.
      #expect(Int64(seen - probes) <= 5 + latency / step)
      #expect(seen - probes >= 5)
      #expect((1...2).contains(probes))
      #expect(seen + refused == 3000)
    }
  }
}
