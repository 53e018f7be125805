import Testing

@testable import WeirPolicy

@Suite("What follows an attempt, in the record")
struct NoteStepTests {
  /// A request with one attempt behind it.
  private func attempted() throws -> Exchange {
    let shared = SharedPolicy(.of())
    let exchange = Exchange.planned("a/one", "a/two")
    _ = try RequestPath.beginAttempt(exchange, from: 0, shared: shared, now: 1)
    RecordAttempt.record(exchange, report: AttemptReport(status: 500), policy: .of(), shared: shared, now: 2)
    return exchange
  }

  @Test("a retry is counted, and marks the attempt that it repeats")
  func retry() throws {
    let exchange = try attempted()
    NoteStep.note(.retry(after: 5), failure: .status(500), in: exchange)
    #expect(exchange.retries == 1)
    #expect(exchange.trail.map(\.wasRetried) == [true])
    #expect(exchange.fallbackFrom == nil)
  }

  @Test("a retry before any attempt is recorded counts, and marks nothing")
  func early() {
    let exchange = Exchange.planned("a/one")
    NoteStep.note(.retry(after: 5), failure: nil, in: exchange)
    #expect(exchange.retries == 1 && exchange.trail.isEmpty)
  }

  @Test("a fallback names the model that it is from and the failure")
  func fallBack() throws {
    let exchange = try attempted()
    NoteStep.note(.fallBack(to: 1), failure: .status(500), in: exchange)
    #expect(exchange.fallbackFrom == "a/one")
    #expect(exchange.fallbackReason?.label == "status_500")
    #expect(exchange.retries == 0)
    #expect(exchange.trail.map(\.wasRetried) == [false])
  }

  @Test("a fallback without a failure, or beyond the plan, is none")
  func noFailure() throws {
    let exchange = try attempted()
    NoteStep.note(.fallBack(to: 1), failure: nil, in: exchange)
    NoteStep.note(.fallBack(to: 7), failure: .timeout, in: exchange)
    #expect(exchange.fallbackFrom == nil && exchange.fallbackReason == nil)
  }

  @Test("an answer and a refusal leave the record as it is")
  func ends() throws {
    let exchange = try attempted()
    NoteStep.note(.relay, failure: .status(500), in: exchange)
    NoteStep.note(.refuse(JudgeAttempt.broken("cut")), failure: .streamBroken, in: exchange)
    #expect(exchange.retries == 0 && exchange.fallbackFrom == nil && exchange.refusal == nil)
    #expect(exchange.trail.map(\.wasRetried) == [false])
  }
}
