import Testing

@testable import WeirStore

@Suite("The backlog")
struct LedgerBacklogTests {
  private var options: LedgerOptions {
    var options = LedgerOptions()
    (options.maximumQueuedRows, options.maximumBatchRows) = (4, 2)
    return options
  }

  @Test("calls the writer once for the first row, and again when a batch is full")
  func wakes() {
    var backlog = LedgerBacklog(options)
    let wakes = (0..<3).map { backlog.add(.sample($0), []) }
    #expect(wakes == [.later(round: 0), .now, .none])
    let taken = backlog.take()
    #expect(taken.sequences == [0, 1, 2])
    let next = backlog.add(.sample(3), [])
    #expect(next == .later(round: 1))
  }

  @Test("counts rows on their way to the file as waiting, and drops what comes on top")
  func bound() {
    var backlog = LedgerBacklog(options)
    for number in 0..<4 { _ = backlog.add(.sample(number), []) }
    let taken = backlog.take()
    #expect(taken.count == 4)
    #expect(backlog.isFull)
    let wakes = (4..<6).map { backlog.add(.sample($0), []) }
    #expect(wakes == [.now, .none], "the writer has to tell of the loss, once")
    #expect(backlog.stats.rowsDropped == 2)
    #expect(backlog.stats.queueDepth == 4)
    backlog.settle(written: 3)
    #expect(backlog.stats.queueDepth == 1)
    #expect(backlog.stats.rowsWritten == 3)
    let next = backlog.add(.sample(6), [])
    #expect(next == .later(round: 1))
  }

  @Test("tells of a loss once")
  func loss() {
    var backlog = LedgerBacklog(options)
    for number in 0..<5 { _ = backlog.add(.sample(number), []) }
    let told = [backlog.tellLoss(), backlog.tellLoss()]
    #expect(told == [true, false])
  }

  @Test("leaves a failing writer to come again by itself")
  func retry() {
    var backlog = LedgerBacklog(options)
    _ = backlog.add(.sample(0), [])
    _ = backlog.take()
    backlog.fail()
    let wakes = (1..<3).map { backlog.add(.sample($0), []) }
    #expect(wakes == [.none, .none])
    #expect(backlog.stats.writeFailures == 1)
    backlog.beginRetry()
    let taken = backlog.take()
    #expect(taken.count == 2)
    let next = backlog.add(.sample(3), [])
    #expect(next == .later(round: 2))
  }

  @Test("knows a call for later that was for rows the writer has")
  func overtaken() {
    var backlog = LedgerBacklog(options)
    for number in 0..<2 { _ = backlog.add(.sample(number), []) }
    #expect(backlog.isWaiting(0))
    _ = backlog.take()
    _ = backlog.add(.sample(2), [])
    #expect(!backlog.isWaiting(0))
    #expect(backlog.isWaiting(1))
  }

  @Test("takes no rows and votes after its end, and gives up the rest")
  func end() {
    var backlog = LedgerBacklog(options)
    _ = backlog.add(.sample(0), [])
    backlog.close()
    let wake = backlog.add(.sample(1), [])
    #expect(wake == .none)
    let mayVote = backlog.beginVote()
    #expect(!mayVote)
    backlog.giveUp()
    #expect(backlog.stats.rowsDropped == 2)
    #expect(backlog.stats.queueDepth == 0)
  }

  @Test("bounds the votes that wait")
  func votes() {
    var backlog = LedgerBacklog(options)
    let taken = (0..<LedgerBacklog.maximumVotes).map { _ in backlog.beginVote() }
    #expect(taken.allSatisfy { $0 })
    let tooMany = backlog.beginVote()
    #expect(!tooMany)
    backlog.endVote()
    let next = backlog.beginVote()
    #expect(next)
  }

  @Test("knows news from what was told already, whatever the system's words")
  func news() {
    var backlog = LedgerBacklog(options)
    let told: [LedgerCondition] = [
      .healthy, .waiting(LedgerError(.diskFull, path: "a", detail: "one")),
      .waiting(LedgerError(.diskFull, path: "a", detail: "two")), .losing(LedgerError(.diskFull, path: "a")),
      .losing(LedgerError(.locked, path: "a")), .healthy,
    ]
    #expect(told.map { backlog.note($0) } == [false, true, false, true, true, true])
  }
}
