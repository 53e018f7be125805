import Synchronization
import Testing
import WeirStore
import WeirWire

@testable import WeirProxy

@Suite("The tally of a reply's tool calls")
struct ToolCallTallyTests {
  /// What was handed out.
  private final class Taken: Sendable {
    private let counts = Mutex<[LedgerRow.ToolCallCounts]>([])

    var all: [LedgerRow.ToolCallCounts] { counts.withLock { $0 } }

    func take(_ more: LedgerRow.ToolCallCounts) { counts.withLock { $0.append(more) } }
  }

  private let taken = Taken()

  @Test("is handed out once the last verdict is there")
  func inOrder() {
    let tally = ToolCallTally(calls: 3)
    tally.add(.valid)
    tally.whenComplete(taken.take)
    tally.add(.invalidJSON)
    #expect(taken.all.isEmpty)
    tally.add(.valid)
    #expect(taken.all == [LedgerRow.ToolCallCounts(valid: 2, invalidJSON: 1)])
  }

  @Test("is handed out at once where all verdicts came before")
  func early() {
    let tally = ToolCallTally(calls: 2)
    tally.add(.schemaMismatch)
    tally.add(.unknownTool)
    tally.whenComplete(taken.take)
    #expect(taken.all == [LedgerRow.ToolCallCounts(schemaMismatch: 1, unknownTool: 1)])
  }

  @Test("waits for verdicts that say nothing, and does not count them")
  func silent() {
    let tally = ToolCallTally(calls: 2)
    tally.whenComplete(taken.take)
    tally.add(.unchecked)
    tally.add(.schemaUnusable)
    #expect(taken.all == [LedgerRow.ToolCallCounts()])
  }

  @Test("of which nobody hears any more hands out what it has, once")
  func dropped() {
    var tally: ToolCallTally? = ToolCallTally(calls: 3)
    tally?.whenComplete(taken.take)
    tally?.add(.valid)
    #expect(taken.all.isEmpty)
    tally = nil
    #expect(taken.all == [LedgerRow.ToolCallCounts(valid: 1)])
  }

  @Test("is handed out once though verdicts and the end meet")
  func race() async {
    for _ in 0..<200 {
      let taken = Taken()
      let tally = ToolCallTally(calls: 2)
      await withTaskGroup(of: Void.self) { tasks in
        for _ in 0..<2 { tasks.addTask { tally.add(.valid) } }
        tasks.addTask { tally.whenComplete(taken.take) }
      }
      #expect(taken.all == [LedgerRow.ToolCallCounts(valid: 2)])
    }
  }
}
