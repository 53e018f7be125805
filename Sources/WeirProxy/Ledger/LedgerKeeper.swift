import Logging
import Synchronization
import WeirConfiguration
import WeirPolicy
import WeirStore
import WeirWire

/// The proxy's ledger; without one, the reason why. Any thread may use it; only `init`, `tryAgain` and `close` wait for
/// the disk.
final class LedgerKeeper: Sendable {
  /// Nil where none is wanted.
  private let path: String?
  /// Nil while the file cannot be used; read without a lock.
  private let options: LedgerOptions
  private let preparation: BodyPreparation?
  private let opened = AtomicLazyReference<Ledger>()
  /// Why the file cannot be used.
  private let obstacle = Mutex<LedgerError?>(nil)
  /// Rows that had no file to go to.
  private let lost = Atomic<Int64>(0)

  /// How long the end of the process waits for the last rows.
  private static let closingSeconds = 5.0

  /// Opens the file. What keeps it from being used is logged, and weir serves without a ledger.
  ///
  /// - Parameters:
  ///   - path: nil keeps none.
  ///   - keeping: how long rows stay, and whether prompts and replies are among them.
  init(path: String?, keeping: Configuration.Ledger? = nil, logger: Logger) {
    self.path = path
    var options = LedgerOptions()
    options.maximumAgeDays = keeping?.maximumAgeDays
    options.maximumBytes = keeping?.maximumBytes.map { Int64($0) }
    self.options = options
    let limit = path == nil ? nil : keeping?.maximumBodyBytes
    preparation = limit.flatMap { BodyPreparation(limit: $0, redactions: keeping?.redactions ?? []) }
    // Whoever cannot take out what must not be kept keeps nothing.
    maximumBodyBytes = preparation == nil ? nil : limit
    open(logger)
  }

  /// How much of a prompt and of a reply is kept; nil keeps nothing of either.
  let maximumBodyBytes: Int?

  /// Opens a file that could not be used so far: what was in its way may be gone. Blocks for the disk.
  func tryAgain(_ logger: Logger) {
    guard path != nil, opened.load() == nil else { return }
    open(logger)
    guard let ledger = opened.load() else { return }
    let lost = lost.load(ordering: .relaxed)
    logger.notice(
      "ledger",
      metadata: [
        "state": "rows reach the file", "rows_waiting": "\(ledger.stats.queueDepth)", "rows_dropped": "\(lost)",
      ])
  }

  private var prepare: Ledger.Preparation? {
    guard let preparation else { return nil }
    return { preparation.prepare($0) }
  }

  private func open(_ logger: Logger) {
    guard let path else { return }
    do throws(LedgerError) {
      let ledger = try Ledger.open(path: path, options: options, prepare: prepare) { condition, stats in
        Self.log(condition, stats, to: logger)
      }
      _ = opened.storeIfNil(ledger)
      obstacle.withLock { $0 = nil }
    } catch {
      let isNews = obstacle.withLock { [error] known in
        defer { known = error }
        return known?.reason != error.reason
      }
      guard isNews else { return }
      logger.error(
        "ledger",
        metadata: ["problem": "\(error)", "consequence": "weir serves without a ledger, and tries again"])
    }
  }

  /// Notes an exchange that is settled, unless it was a vote. Only puts a row into a queue in memory.
  ///
  /// - Parameters:
  ///   - toolCalls: the row waits for these; nil where there are none.
  ///   - bodies: nil where prompts and replies are not kept.
  ///   - wall: when it ended.
  ///   - pen: of the exchange's event loop.
  func record(
    _ exchange: Exchange, sizes: AccessLog.Sizes, firstContentAt: Int64?, toolCalls: ToolCallTally? = nil,
    bodies: LedgerBodies? = nil, wall: WallTime, with pen: inout LedgerPen
  ) {
    guard path != nil, exchange.endpoint != .feedback else { return }
    if pen.ledger == nil { pen.ledger = opened.load() }
    guard let ledger = pen.ledger else {
      lost.add(1, ordering: .relaxed)
      return
    }
    var row = LedgerRow(id: exchange.requestID, timeMilliseconds: 0)
    row.fill(
      exchange, sizes: sizes, firstContentAt: firstContentAt, endedAtMilliseconds: wall.milliseconds)
    let attempts = exchange.trail.map { LedgerAttempt($0) }
    if let toolCalls {
      toolCalls.whenComplete(Self.append(row, attempts, bodies, to: ledger))
    } else {
      ledger.append(row, attempts: attempts, bodies: bodies, packer: pen.packer)
    }
  }

  /// Apart, so that a row without tool calls is not copied for the closure.
  @inline(never)
  private static func append(
    _ row: borrowing LedgerRow, _ attempts: [LedgerAttempt], _ bodies: LedgerBodies?, to ledger: Ledger
  ) -> @Sendable (LedgerRow.ToolCallCounts) -> Void {
    let row = copy row
    return { counts in
      var row = row
      row.toolCalls = counts
      ledger.append(row, attempts: attempts, bodies: bodies)
    }
  }

  /// Notes a vote on a request. The answer comes on a thread of the ledger's, or at once where there is no ledger.
  func record(_ vote: LedgerFeedback, completion: @escaping @Sendable (Verdict) -> Void) {
    guard let ledger = opened.load() else {
      return completion(problem.map { .failed($0) } ?? .off)
    }
    ledger.record(vote) { result in
      switch result {
      case .success(let receipt?): completion(.noted(receipt))
      case .success(nil): completion(.unknownID)
      case .failure(let error): completion(.failed(error))
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
    /// The file takes no votes at the moment.
    case failed(LedgerError)
  }

  /// Why rows do not reach the file, or old ones do not leave it, and what to do; nil while all is well, and where none are
  /// kept.
  var problem: LedgerError? {
    if let ledger = opened.load() { return ledger.stats.condition.error }
    return obstacle.withLock { $0 }
  }

  /// The ledger's own counts; nil without one.
  var stats: LedgerStats? { opened.load()?.stats }

  /// Requests that are not in the file and will not be, though they should.
  var rowsDropped: Int64 { lost.load(ordering: .relaxed) + (stats?.rowsDropped ?? 0) }

  /// Writes what waits and lets the file go; a disk that hangs is not waited for. Later rows are lost.
  func close(_ logger: Logger) async {
    guard let ledger = opened.load() else { return }
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
    case .keeping(let error):
      logger.error("ledger", metadata: counts.merging(["state": "old rows stay", "problem": "\(error)"]) { $1 })
    }
  }
}
