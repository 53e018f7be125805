import Testing

@testable import WeirPolicy

@Suite("A circuit")
struct CircuitBreakerTests {
  private static let second: Int64 = 1_000_000_000
  private static let key = CircuitKey(upstream: "u", model: "m")
  private var policy = ResiliencePolicy.Circuit()

  private func make(now: Int64 = 0) -> CircuitBreaker { CircuitBreaker(key: Self.key, policy: policy, now: now) }

  /// Opened by its failures in a row at moment 0.
  private func opened() -> CircuitBreaker {
    var breaker = make()
    for _ in 0..<policy.consecutiveFailures {
      _ = breaker.record(.failure, wasProbe: false, policy: policy, now: 0)
    }
    return breaker
  }

  private func isProbe(_ admission: CircuitAdmission) -> Bool {
    if case .probe = admission { true } else { false }
  }

  @Test("opens with the fifth failure in a row, and says so once")
  func consecutive() {
    var breaker = make()
    for _ in 0..<4 { #expect(breaker.record(.failure, wasProbe: false, policy: policy, now: 5) == nil) }
    #expect(breaker.admit(now: 5) == .allowed)
    let change = breaker.record(.failure, wasProbe: false, policy: policy, now: 5)
    #expect(change == CircuitChange(key: Self.key, from: .closed, to: .open, reason: .consecutiveFailures))
    #expect(breaker.admit(now: 5) == .resting(.open(until: 5 + 30 * Self.second)))
    #expect(breaker.record(.failure, wasProbe: false, policy: policy, now: 5) == nil)
  }

  @Test("stays closed when a success comes between, and when nothing is known of an attempt it comes to nothing")
  func interrupted() {
    var breaker = make()
    for _ in 0..<4 { _ = breaker.record(.failure, wasProbe: false, policy: policy, now: 0) }
    _ = breaker.record(.success, wasProbe: false, policy: policy, now: 0)
    for _ in 0..<4 { _ = breaker.record(.failure, wasProbe: false, policy: policy, now: 0) }
    #expect(breaker.state == .closed)
    for _ in 0..<9 { #expect(breaker.record(.unknown, wasProbe: false, policy: policy, now: 0) == nil) }
    #expect(breaker.record(.failure, wasProbe: false, policy: policy, now: 0)?.to == .open)
  }

  @Test("opens when too large a share of enough requests failed within the window")
  func rate() {
    var breaker = make()
    var change: CircuitChange?
    for request in 0..<20 {
      #expect(change == nil)
      change = breaker.record(request % 2 == 0 ? .success : .failure, wasProbe: false, policy: policy, now: 0)
    }
    #expect(change?.reason == .failureRate)
    var slower = make()
    for request in 0..<200 {
      let now = Int64(request) * 4 * Self.second
      #expect(slower.record(request % 2 == 0 ? .success : .failure, wasProbe: false, policy: policy, now: now) == nil)
    }
  }

  @Test("lets a single probe out when its time is over, and closes with its success")
  func probe() {
    var breaker = opened()
    let later = 30 * Self.second
    #expect(breaker.admit(now: later - 1) == .resting(.open(until: later)))
    let change = CircuitChange(key: Self.key, from: .open, to: .halfOpen, reason: .openTimeOver)
    #expect(breaker.admit(now: later) == .probe(change))
    #expect(breaker.admit(now: later) == .resting(.open(until: later + Self.second)))
    #expect(breaker.record(.success, wasProbe: false, policy: policy, now: later) == nil)
    #expect(breaker.record(.failure, wasProbe: false, policy: policy, now: later) == nil)
    #expect(breaker.state == .halfOpen)
    #expect(breaker.record(.success, wasProbe: true, policy: policy, now: later)?.reason == .probeSucceeded)
    #expect(breaker.admit(now: later) == .allowed)
    #expect(breaker.record(.failure, wasProbe: false, policy: policy, now: later) == nil)
  }

  @Test("opens again with the failure, or the slowness, of its probe", arguments: [CircuitOutcome.failure, .slow])
  func probeFails(outcome: CircuitOutcome) {
    var breaker = opened()
    let later = 40 * Self.second
    #expect(isProbe(breaker.admit(now: later)))
    let change = breaker.record(outcome, wasProbe: true, policy: policy, now: later + 1)
    #expect(change == CircuitChange(key: Self.key, from: .halfOpen, to: .open, reason: .probeFailed))
    #expect(breaker.openUntil == later + 1 + 30 * Self.second)
  }

  @Test("lets another probe out when the first was abandoned, was told to pause, or is lost")
  func probeGone() {
    var breaker = opened()
    let later = 30 * Self.second
    #expect(isProbe(breaker.admit(now: later)))
    breaker.abandonProbe()
    #expect(breaker.admit(now: later) == .probe(nil))
    #expect(breaker.record(.unknown, wasProbe: true, policy: policy, now: later) == nil)
    #expect(breaker.admit(now: later) == .probe(nil))
    #expect(!isProbe(breaker.admit(now: later + CircuitBreaker.longestProbe - 1)))
    #expect(breaker.admit(now: later + CircuitBreaker.longestProbe) == .probe(nil))
  }

  @Test("closes only after as many probes in a row as the policy wants")
  mutating func closingSuccesses() {
    policy.closingSuccesses = 2
    var breaker = opened()
    let later = 30 * Self.second
    #expect(isProbe(breaker.admit(now: later)))
    #expect(breaker.record(.success, wasProbe: true, policy: policy, now: later) == nil)
    #expect(breaker.admit(now: later) == .probe(nil))
    #expect(breaker.record(.success, wasProbe: true, policy: policy, now: later)?.to == .closed)
  }

  @Test("stays open longer, never shorter, for failures of requests that were under way")
  func extended() {
    var breaker = opened()
    _ = breaker.record(.failure, wasProbe: false, policy: policy, now: 10 * Self.second)
    #expect(breaker.openUntil == 40 * Self.second)
    _ = breaker.record(.failure, wasProbe: false, policy: policy, now: 5 * Self.second)
    _ = breaker.record(.success, wasProbe: false, policy: policy, now: 11 * Self.second)
    #expect(breaker.openUntil == 40 * Self.second)
    #expect(breaker.state == .open)
  }

  @Test("names slowness when the last call was slow")
  func slow() {
    var breaker = make()
    for _ in 0..<4 { _ = breaker.record(.slow, wasProbe: false, policy: policy, now: 0) }
    #expect(breaker.record(.slow, wasProbe: false, policy: policy, now: 0)?.reason == .slowCalls)
  }

  @Test("keeps the longest pause that was asked for, whatever succeeds meanwhile")
  func pause() {
    var breaker = make()
    breaker.pause(until: 100)
    breaker.pause(until: 50)
    _ = breaker.record(.success, wasProbe: false, policy: policy, now: 10)
    #expect(breaker.admit(now: 99) == .resting(.paused(until: 100)))
    #expect(breaker.state == .closed)
    breaker.pause(until: 200)
    #expect(breaker.admit(now: 100) == .resting(.paused(until: 200)))
    #expect(breaker.admit(now: 200) == .allowed)
  }

  @Test("that is open and paused waits for both")
  func openAndPaused() {
    var breaker = opened()
    breaker.pause(until: 50 * Self.second)
    #expect(breaker.admit(now: 1) == .resting(.open(until: 50 * Self.second)))
    #expect(breaker.admit(now: 31 * Self.second) == .resting(.paused(until: 50 * Self.second)))
    #expect(isProbe(breaker.admit(now: 50 * Self.second)))
  }

  @Test("does not open where circuits are switched off, and closes when they are")
  mutating func disabled() {
    var breaker = opened()
    policy.isEnabled = false
    #expect(breaker.replace(policy)?.reason == .switchedOff)
    #expect(breaker.replace(policy) == nil)
    for _ in 0..<50 { #expect(breaker.record(.failure, wasProbe: false, policy: policy, now: 0) == nil) }
    #expect(breaker.admit(now: 0) == .allowed)
  }

  @Test("keeps its state under another policy")
  mutating func replaced() {
    var breaker = opened()
    policy.window = 1
    policy.openTime = 1
    #expect(breaker.replace(policy) == nil)
    #expect(breaker.admit(now: 5) == .resting(.open(until: 30 * Self.second)))
  }

  @Test("tells how long it stays open and paused")
  func reading() {
    var breaker = opened()
    breaker.pause(until: 7)
    #expect(
      breaker.reading(now: 5)
        == CircuitReading(key: Self.key, state: .open, opensFor: 30 * Self.second - 5, pausedFor: 2))
    #expect(breaker.reading(now: .max).opensFor == 0)
    #expect(make().reading(now: 0) == CircuitReading(key: Self.key, state: .closed, opensFor: nil, pausedFor: nil))
  }

  @Test("keeps its promises whatever happens in whatever order", arguments: Array(1...20))
  mutating func invariants(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    policy.closingSuccesses = Int.random(in: 1...3, using: &random)
    var breaker = make()
    var now: Int64 = 0
    var underWay = 0
    var probes = 0
    var openings = 0
    for _ in 0..<4000 {
      now += Int64.random(in: 0...(Self.second), using: &random)
      let before = breaker
      let change: CircuitChange?
      switch Int.random(in: 0..<8, using: &random) {
      case 0...2:
        let admission = breaker.admit(now: now)
        change = if case .probe(let change) = admission { change } else { nil }
        if admission == .allowed { underWay += 1 }
        if isProbe(admission) {
          #expect(probes == 0, "a second probe")
          probes += 1
        }
        if before.state == .open, now < before.openUntil { #expect(before.rest(now: now) != nil) }
        if case .resting(let rest) = admission { #expect(rest.until > now) }
      case 3 where probes == 1:
        probes = 0
        let outcome: CircuitOutcome = Bool.random(using: &random) ? .success : .failure
        change = breaker.record(outcome, wasProbe: true, policy: policy, now: now)
      case 4 where probes == 1:
        probes = 0
        breaker.abandonProbe()
        change = nil
      case 5:
        breaker.pause(until: now + Int64.random(in: -5...5, using: &random) * Self.second)
        change = nil
      default:
        guard underWay > 0 else { continue }
        underWay -= 1
        let outcome: CircuitOutcome = Int.random(in: 0..<3, using: &random) == 0 ? .success : .failure
        change = breaker.record(outcome, wasProbe: false, policy: policy, now: now)
      }
      #expect(breaker.openUntil >= before.openUntil && breaker.pausedUntil >= before.pausedUntil)
      #expect((change != nil) == (breaker.state != before.state))
      if let change {
        #expect(change.from == before.state && change.to == breaker.state)
        #expect(change.from != .closed || change.to == .open)
        if change.to == .open { openings += 1 }
      }
    }
    #expect(openings > 3)
  }
}
