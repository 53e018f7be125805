import Logging
import Synchronization
import WeirPolicy
import WeirStore
import WeirWire

/// The proxy's ledger; without one, the reason why. Any thread may use it; only `init` and `close` wait for the disk.
final class LedgerKeeper: Sendable {
  private enum Holding: Sendable {
    /// None is wanted.
    case off
    /// One is wanted, and its file cannot be used.
    case unusable(LedgerError)
    case open(Ledger)
  }

  private let holding: Holding
  /// Rows that had no file to go to.
  private let lost = Atomic<Int64>(0)

  /// How long the end of the process waits for the last rows.
  private static let closingSeconds = 5.0

  /// Opens the file. What keeps it from being used is logged, and weir serves without a ledger.
  ///
  /// - Parameter path: nil keeps none.
  init(path: String?, logger: Logger) {
    guard let path else {
      holding = .off
      return
    }
    do throws(LedgerError) {
      holding = .open(
        try Ledger.open(path: path) { condition, stats in Self.log(condition, stats, to: logger) })
    } catch {
      holding = .unusable(error)
      logger.error("ledger", metadata: ["problem": "\(error)", "consequence": "weir serves without a ledger"])
    }
  }

  /// Notes an exchange that is settled, unless it was a vote. Only puts a row into a queue in memory.
  ///
  /// - Parameter toolCalls: the row waits for these; nil where there are none.
  func record(
    _ exchange: Exchange, sizes: AccessLog.Sizes, firstContentAt: Int64?, toolCalls: ToolCallTally? = nil
  ) {
    guard exchange.endpoint != .feedback else { return }
    switch holding {
    case .off: return
    case .unusable: lost.add(1, ordering: .relaxed)
    case .open(let ledger):
      let row = LedgerRow(
        exchange, sizes: sizes, firstContentAt: firstContentAt,
        endedAtMilliseconds: Int64(WallClock.seconds() * 1000))
      let attempts = exchange.trail.map { LedgerAttempt($0) }
      guard let toolCalls else { return ledger.append(row, attempts: attempts) }
      toolCalls.whenComplete { counts in
        var row = row
        row.toolCalls = counts
        ledger.append(row, attempts: attempts)
      }
    }
  }

  /// Notes a vote on a request. The answer comes on a thread of the ledger's, or at once where there is no ledger.
  func record(_ vote: LedgerFeedback, completion: @escaping @Sendable (Verdict) -> Void) {
    switch holding {
    case .off: completion(.off)
    case .unusable(let error): completion(.failed(error))
    case .open(let ledger):
      ledger.record(vote) { result in
        switch result {
        case .success(let receipt?): completion(.noted(receipt))
        case .success(nil): completion(.unknownID)
        case .failure(let error): completion(.failed(error))
        }
      }
    }
  }

  /// What became of a vote.
  enum Verdict: Sendable {
    case noted(LedgerFeedbackReceipt)
    /// No request in the file has that id.
    case unknownID
    /// weir keeps no ledger.
    case off
    /// The file takes no votes at the moment, or not in this process's time.
    case failed(LedgerError)
  }

  /// Why rows do not reach the file, and what to do; nil while they do, and where none are to.
  var problem: LedgerError? {
    switch holding {
    case .off: nil
    case .unusable(let error): error
    case .open(let ledger): ledger.stats.condition.error
    }
  }

  /// The ledger's own counts; nil without one.
  var stats: LedgerStats? {
    if case .open(let ledger) = holding { ledger.stats } else { nil }
  }

  /// Requests that are not in the file and will not be, though they should.
  var rowsDropped: Int64 { stats?.rowsDropped ?? lost.load(ordering: .relaxed) }

  /// Writes what waits and lets the file go; a disk that hangs is not waited for. Later rows are lost.
  func close(_ logger: Logger) async {
    guard case .open(let ledger) = holding else { return }
    let before = ledger.stats.rowsDropped
    let dropped = await ledger.close(within: Self.closingSeconds).rowsDropped - before
    if dropped > 0 {
      logger.error("ledger", metadata: ["problem": "rows did not reach the file before the end", "rows": "\(dropped)"])
    }
  }

  private static func log(_ condition: LedgerCondition, _ stats: LedgerStats, to logger: Logger) {
    let counts: Logger.Metadata = ["rows_waiting": "\(stats.queueDepth)", "rows_dropped": "\(stats.rowsDropped)"]
    switch condition {
    case .healthy: logger.notice("ledger", metadata: counts.merging(["state": "rows reach the file"]) { $1 })
    case .waiting(let error):
      logger.error("ledger", metadata: counts.merging(["state": "rows wait", "problem": "\(error)"]) { $1 })
    case .losing(let error):
      logger.error("ledger", metadata: counts.merging(["state": "rows are lost", "problem": "\(error)"]) { $1 })
    }
  }
}
