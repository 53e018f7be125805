import Testing

@testable import WeirPolicy

@Suite("A circuit that other sidecars tell of")
struct FleetCircuitTests {
  private static let second: Int64 = 1_000_000_000
  private let key = CircuitKey(upstream: "u", model: "m")

  private func book(enabled: Bool = true) -> AttemptBook {
    var policy = ResiliencePolicy()
    policy.circuit.isEnabled = enabled
    return AttemptBook(policy)
  }

  @Test("opens although nobody has asked here, until the moment that is named")
  func opens() {
    let book = book()
    let change = book.openByFleet(key, until: 5 * Self.second, now: 0)
    #expect(change == CircuitChange(key: key, from: .closed, to: .open, reason: .fleet))
    #expect(book.rest(of: key, now: 1) == .open(until: 5 * Self.second))
    #expect(book.rest(of: key, now: 5 * Self.second) == nil)
    #expect(book.opensFor(key, now: 0) == 5 * Self.second)
  }

  @Test("stays open no longer than this sidecar's own would, whatever it is told")
  func bounded() {
    let book = book()
    _ = book.openByFleet(key, until: .max, now: 0)
    #expect(book.rest(of: key, now: 0) == .open(until: 30 * Self.second))
  }

  @Test("that is open already is no news, and opens for longer")
  func again() {
    let book = book()
    _ = book.openByFleet(key, until: 5 * Self.second, now: 0)
    #expect(book.openByFleet(key, until: 8 * Self.second, now: 0) == nil)
    #expect(book.openByFleet(key, until: 2 * Self.second, now: 0) == nil)
    #expect(book.opensFor(key, now: 0) == 8 * Self.second)
  }

  @Test("knows whether anybody asked here, also while it is open")
  func asked() {
    let book = book()
    #expect(!book.wasAsked(key, since: .min))
    _ = book.openByFleet(key, until: 5 * Self.second, now: 0)
    #expect(!book.wasAsked(key, since: .min))
    var breaker = CircuitBreaker(key: key, policy: ResiliencePolicy.Circuit(), now: 0)
    _ = breaker.openByFleet(until: 5 * Self.second, policy: ResiliencePolicy.Circuit(), now: 0)
    _ = breaker.admit(now: 2 * Self.second)
    let answers = [breaker.wasAsked(since: 2 * Self.second), breaker.wasAsked(since: 2 * Self.second + 1)]
    #expect(answers == [true, false])
  }

  @Test("waits for the one that probes")
  func waits() {
    let book = book()
    book.waitForFleet(key, until: 9 * Self.second)
    #expect(book.rest(of: key, now: 0) == nil, "not one that is closed")
    _ = book.openByFleet(key, until: 5 * Self.second, now: 0)
    book.waitForFleet(key, until: 9 * Self.second)
    #expect(book.rest(of: key, now: 6 * Self.second) == .open(until: 9 * Self.second))
  }

  @Test("closes when another's probe has succeeded, and one that is closed is no news")
  func closes() {
    let book = book()
    _ = book.openByFleet(key, until: 5 * Self.second, now: 0)
    #expect(book.closeByFleet(key) == CircuitChange(key: key, from: .open, to: .closed, reason: .fleet))
    #expect(book.rest(of: key, now: 0) == nil)
    #expect(book.closeByFleet(key) == nil)
    #expect(book.closeByFleet(CircuitKey(upstream: "u", model: "unknown")) == nil)
  }

  @Test("does not open where circuits are off")
  func off() {
    let book = book(enabled: false)
    #expect(book.openByFleet(key, until: 5 * Self.second, now: 0) == nil)
    #expect(book.rest(of: key, now: 0) == nil)
  }
}
