import Testing

@testable import WeirPolicy

@Suite("The target that a request goes to")
struct ChooseTargetTests {
  private let shared = SharedPolicy(.of())

  private func key(_ exchange: Exchange, _ place: Int) throws -> CircuitKey {
    try #require(exchange.plan.target(place)).key
  }

  private func choose(_ exchange: Exchange, from place: Int = 0, now: Int64 = 0) throws(Refusal) -> Int {
    try ChooseTarget.choose(exchange, from: place, shared: shared, now: now)
  }

  @Test("is the first of the plan, and no other model stands in then")
  func first() throws {
    let exchange = Exchange.planned("a/one", "a/two")
    #expect(try choose(exchange) == 0)
    #expect(exchange.targetIndex == 0)
    #expect(exchange.fallbackFrom == nil && exchange.fallbackReason == nil)
    #expect(!exchange.isProbe && exchange.circuitChange == nil)
  }

  @Test("passes over one that rests, and the record says which model was passed over and why")
  func passesOver() throws {
    let exchange = Exchange.planned("a/one", "a/two")
    shared.attempts.open(try key(exchange, 0))
    #expect(try choose(exchange) == 1)
    #expect(exchange.targetIndex == 1)
    #expect(exchange.fallbackFrom == "a/one")
    #expect(exchange.fallbackReason?.label == "circuit_open")
    let other = Exchange.planned("a/three", "a/four")
    shared.attempts.pause(try key(other, 0), until: 9, now: 0)
    #expect(try choose(other) == 1)
    #expect(other.fallbackReason?.label == "paused")
  }

  @Test("is no fallback where another upstream serves the same model")
  func sameModel() throws {
    let exchange = Exchange.planned("a/one", "a/one")
    shared.attempts.open(try key(exchange, 0))
    #expect(try choose(exchange) == 1)
    #expect(exchange.fallbackFrom == nil && exchange.fallbackReason == nil)
  }

  @Test("keeps the first model that another stood in for")
  func firstStays() throws {
    let exchange = Exchange.planned("a/one", "a/two", "a/three")
    ChooseTarget.note(.timeout, from: 0, to: 1, in: exchange)
    ChooseTarget.note(.connect, from: 1, to: 2, in: exchange)
    #expect(exchange.fallbackFrom == "a/one")
    #expect(exchange.fallbackReason?.label == "timeout")
    ChooseTarget.note(.connect, from: 1, to: 9, in: exchange)
    #expect(exchange.fallbackFrom == "a/one")
  }

  @Test("begins its retries anew where it is another than the last")
  func retries() throws {
    let exchange = Exchange.planned("a/one", "a/two")
    exchange.retries = 2
    #expect(try choose(exchange) == 0)
    #expect(exchange.retries == 2, "the same target asked again")
    #expect(try choose(exchange, from: 1) == 1)
    #expect(exchange.retries == 0)
  }

  @Test("probes a circuit that was open long enough, for one request at a time")
  func probe() throws {
    let (exchange, next) = (Exchange.planned("a/one"), Exchange.planned("a/one"))
    shared.attempts.open(try key(exchange, 0))
    #expect(try choose(exchange, now: 30_000_000_000) == 0)
    #expect(exchange.isProbe)
    #expect(exchange.circuitChange?.to == .halfOpen)
    let refused = refusal { () throws(Refusal) in _ = try choose(next, now: 30_000_000_000) }
    #expect(refused?.code == .circuitOpen)
    #expect(!next.isProbe && next.circuitChange == nil)
  }

  @Test("is none where all rest: 503 with the time until the first is back")
  func none() throws {
    let exchange = Exchange.planned("a/one", "a/two")
    exchange.circuitChange = CircuitChange(key: try key(exchange, 0), from: .closed, to: .open, reason: .failureRate)
    for place in 0...1 { shared.attempts.open(try key(exchange, place)) }
    let refused = refusal { () throws(Refusal) in _ = try choose(exchange, now: 1_000_000_000) }
    #expect(refused?.code == .circuitOpen)
    #expect(refused?.retryAfterSeconds == 29)
    #expect(exchange.circuitChange == nil, "the change of the step before is not told again")
  }

  @Test("counts a request towards the retries that all may make once, however often it is sent")
  func counted() throws {
    let exchange = Exchange.planned("a/one")
    exchange.attempts = 1
    for _ in 0..<20 { _ = try choose(exchange) }
    #expect((0..<5).filter { _ in shared.attempts.takeRetry(now: 0) }.count == 3, "the floor alone")
    for _ in 0..<40 {
      exchange.attempts = 0
      _ = try choose(exchange)
    }
    #expect((0..<20).filter { _ in shared.attempts.takeRetry(now: 0) }.count == 8, "a fifth of the forty besides")
  }
}
