import Testing

@testable import WeirStore

@Suite("Feedback")
struct LedgerFeedbackTests {
  private let scratch: Scratch
  private let ledger: Ledger

  init() throws {
    scratch = try Scratch()
    ledger = try Ledger.open(path: scratch.path)
  }

  private func vote(
    _ id: String, _ rating: LedgerFeedback.Rating, score: Double? = nil, comment: String? = nil
  ) async -> Result<LedgerFeedbackReceipt?, LedgerError> {
    let feedback = LedgerFeedback(id: id, rating: rating, score: score, comment: comment, timeMilliseconds: 77)
    return await withCheckedContinuation { continuation in
      ledger.record(feedback) { continuation.resume(returning: $0) }
    }
  }

  @Test("finds a request by its id or its reply's, also one that is not written yet")
  func ids() async throws {
    var row = LedgerRow.sample(1)
    (row.generationID, row.rollout, row.variant) = ("gen-1", "kimi", "new")
    ledger.append(row)
    let first = try await vote("req-1", .up, score: 0.8, comment: "well").get()
    #expect(first?.model == "moonshotai/kimi-k2")
    #expect(first?.rollout == "kimi")
    #expect(first?.variant == "new")
    #expect(first?.replaced == nil)
    let second = try await vote("gen-1", .down).get()
    #expect(second?.requestID == "req-1")
    #expect(second?.replaced == .up)
    await ledger.close()
    #expect(try scratch.texts("SELECT rating FROM feedback") == ["down"], "the second replaces the first")
  }

  @Test("knows no other ids")
  func unknown() async throws {
    #expect(try await vote("req-1", .up).get() == nil)
    ledger.append(.sample(1))
    for id in ["req-2", "", "' OR 1=1 --", String(repeating: "x", count: 1_000_000)] {
      #expect(try await vote(id, .up).get() == nil)
    }
    await ledger.close()
  }

  @Test("finds requests of long ago, and of several with one id the latest")
  func latest() async throws {
    for number in [0, 4_000, 40_000_000] { ledger.append(.sample(number, id: "same")) }
    ledger.append(.sample(3, id: "old"))
    let receipt = try await vote("same", .up).get()
    #expect(receipt != nil)
    #expect(try await vote("old", .down).get()?.requestID == "old")
    await ledger.close()
    let times = try scratch.numbers("SELECT time_ms FROM feedback ORDER BY time_ms DESC")
    #expect(times == [LedgerRow.sample(40_000_000).timeMilliseconds, LedgerRow.sample(3).timeMilliseconds])
  }

  @Test("cuts long comments and takes no score that is none")
  func hostile() async throws {
    ledger.append(.sample(1))
    _ = try await vote("req-1", .up, score: .infinity, comment: String(repeating: "ä", count: 10_000)).get()
    await ledger.close()
    #expect(try scratch.number("SELECT length(CAST(comment AS BLOB)) FROM feedback WHERE score IS NULL") == 4_096)
  }

  @Test("says that the ledger is closed")
  func closed() async throws {
    await ledger.close()
    let result = await vote("req-1", .up)
    #expect(throws: LedgerError(.closed, path: scratch.path)) { try result.get() }
  }
}
