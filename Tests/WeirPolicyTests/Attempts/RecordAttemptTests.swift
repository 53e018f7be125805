import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The record of an attempt")
struct RecordAttemptTests {
  private let shared = SharedPolicy(.of())

  /// A request that was sent to its first target at 30.
  private func sent(_ models: String = "a/one", now: Int64 = 30) throws -> Exchange {
    let exchange = Exchange.planned(models)
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: now)
    return exchange
  }

  private func record(_ exchange: Exchange, _ report: AttemptReport, policy: PolicySnapshot = .of(), now: Int64) {
    RecordAttempt.record(exchange, report: report, policy: policy, shared: shared, now: now)
  }

  private func state(now: Int64 = 40) -> CircuitState? { shared.attempts.states(now: now).first?.state }

  @Test("names upstream, model, status, failure and times")
  func whole() throws {
    let exchange = try sent()
    RequestPath.replied(exchange, status: 502, now: 35)
    record(exchange, AttemptReport(status: 502), now: 40)
    let entry = try #require(exchange.trail.first)
    #expect(entry.upstream == "u0" && entry.model == "a/one" && entry.status == 502)
    #expect(entry.failure == .status(502) && !entry.wasRetried)
    #expect(entry.sentAt == 30 && entry.endedAt == 40)
  }

  @Test("has no status where no head came, even where an earlier attempt had one")
  func noHead() throws {
    let exchange = try sent()
    record(exchange, AttemptReport(fault: .timeout), now: 40)
    #expect(exchange.trail.map(\.status) == [nil])
    #expect(exchange.trail.map(\.failure) == [.timeout])
  }

  @Test("is made once for each attempt, and not before the first")
  func once() throws {
    let exchange = Exchange.planned("a/one")
    record(exchange, AttemptReport(status: 200), now: 40)
    RecordAttempt.abandon(exchange, shared: shared, now: 40)
    #expect(exchange.trail.isEmpty)
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 30)
    for _ in 0..<9 { record(exchange, AttemptReport(fault: .unreachable), now: 40) }
    RecordAttempt.abandon(exchange, shared: shared, now: 50)
    #expect(exchange.trail.count == 1)
    #expect(state() == .closed, "one failure, not nine")
  }

  @Test("opens the circuit for all with the fifth failure in a row, and tells that of the attempt that did it")
  func opens() throws {
    for number in 1...5 {
      let exchange = try sent()
      record(exchange, AttemptReport(fault: .unreachable), now: 40)
      #expect((exchange.circuitChange?.to == .open) == (number == 5))
    }
    #expect(state() == .open)
  }

  @Test("makes all wait as long as the upstream asks for, unless circuits are switched off")
  func pause() throws {
    var policy = ResiliencePolicy()
    policy.circuit.isEnabled = false
    let off = PolicySnapshot(
      clients: ClientDirectory([]), models: .builtIn,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: .builtIn), resilience: policy)
    let report = AttemptReport(status: 429, retryAfter: 100)
    record(try sent(), report, policy: off, now: 40)
    #expect(shared.attempts.states(now: 40).allSatisfy { $0.pausedFor == nil })
    record(try sent(), report, now: 40)
    #expect(shared.attempts.states(now: 40).map(\.pausedFor) == [100])
    #expect(state() == .closed, "a pause is no failure")
  }

  @Test("of a probe that brings output closes the circuit before the reply is over")
  func probeWorks() throws {
    shared.attempts.open(CircuitKey(upstream: "u0", model: "a/one"))
    let exchange = try sent(now: 30_000_000_000)
    #expect(exchange.isProbe)
    RecordAttempt.probeWorks(exchange, shared: shared, now: 30_000_000_001)
    #expect(exchange.circuitChange?.to == .closed)
    #expect(exchange.trail.isEmpty && !exchange.isProbe)
    record(exchange, AttemptReport(status: 200), now: 30_000_000_002)
    #expect(exchange.trail.count == 1)
    #expect(state(now: 30_000_000_002) == .closed)
  }

  @Test("of a probe that is abandoned says nothing, and leaves the probe to the next")
  func abandonedProbe() throws {
    shared.attempts.open(CircuitKey(upstream: "u0", model: "a/one"))
    let exchange = try sent(now: 30_000_000_000)
    RecordAttempt.abandon(exchange, shared: shared, now: 30_000_000_005)
    #expect(exchange.trail.map(\.failure) == [nil])
    #expect(!exchange.isProbe)
    #expect(state(now: 30_000_000_005) == .halfOpen)
    #expect(try sent(now: 30_000_000_006).isProbe)
  }

  @Test("of output that is no probe's changes nothing")
  func noProbe() throws {
    let exchange = try sent()
    RecordAttempt.probeWorks(exchange, shared: shared, now: 40)
    #expect(exchange.circuitChange == nil)
    #expect(state() == .closed)
  }
}
