import Synchronization

/// The side of the ledger that waits for the disk: the file, the rows it has not taken yet, and when to try again. A
/// value that only the ledger's queue touches.
struct LedgerWriter {
  /// What a round has to tell.
  struct Outcome {
    /// Changes of condition, in order.
    var news: [LedgerCondition] = []
    /// When to come again by oneself.
    var retryMilliseconds: Int?
    /// Whether retention should have a look.
    var isTrimDue = false
  }

  private let path: String
  private let options: LedgerOptions
  private let prepare: Ledger.Preparation?
  /// Nil once the file could not be opened again, or the ledger was closed.
  private var file: LedgerFile?
  private var isClosed = false
  private var rows: [LedgerEntry] = []
  private var failures = 0
  /// Nil once all is well again.
  private var lastFailure: LedgerError?
  /// Nanoseconds of the monotonic clock before which the file is left alone.
  private var notBefore: UInt64 = 0
  private var lastTrim: UInt64 = 0

  /// Nanoseconds between two looks of retention.
  private static let trimInterval: UInt64 = 60_000_000_000

  init(_ file: LedgerFile, _ options: LedgerOptions, prepare: Ledger.Preparation? = nil) {
    self.prepare = prepare
    path = file.path
    self.file = file
    self.options = options
  }

  /// Moves waiting rows to the file; `now` are nanoseconds of a monotonic clock.
  mutating func write(from backlog: borrowing Mutex<LedgerBacklog>, now: UInt64) -> Outcome {
    var outcome = Outcome()
    if now >= notBefore, !isClosed {
      let taken = prepared(backlog.withLock { $0.take() })
      if rows.isEmpty { rows = taken } else { rows += taken }
      lastFailure = writeAll(backlog, &outcome)
      failures = lastFailure == nil ? 0 : failures + 1
      if lastFailure != nil {
        backlog.withLock { $0.fail() }
        outcome.retryMilliseconds = retryDelay
        let (later, isOver) = now.addingReportingOverflow(UInt64(retryDelay) * 1_000_000)
        notBefore = isOver ? 0 : later
      } else if options.hasRetention, now != .max, now &- lastTrim >= Self.trimInterval {
        lastTrim = now
        outcome.isTrimDue = true
      }
    }
    tell(backlog, &outcome)
    return outcome
  }

  /// What the owner wants done to prompts and replies is done here: it takes time that requests must not wait for.
  private func prepared(_ entries: [LedgerEntry]) -> [LedgerEntry] {
    guard let prepare else { return entries }
    return entries.map { entry in
      guard let bodies = entry.bodies else { return entry }
      var entry = entry
      entry.bodies = prepare(bodies)
      return entry
    }
  }

  /// The first failure ends the round; what was written before it stays written.
  private mutating func writeAll(_ backlog: borrowing Mutex<LedgerBacklog>, _ outcome: inout Outcome) -> LedgerError? {
    // Removed once and not by batch: each removal moves all that remain.
    var written = 0
    defer { rows.removeFirst(written) }
    do {
      let file = try openFile(backlog, &outcome)
      while written < rows.count {
        let end = min(written + max(options.maximumBatchRows, 1), rows.count)
        try file.write(rows[written..<end])
        let bodyBytes = rows[written..<end].reduce(0) { $0 + $1.heldBytes }
        backlog.withLock { $0.settle(written: end - written, bodyBytes: bodyBytes) }
        written = end
      }
      return nil
    } catch {
      let error = LedgerError(error, path: path)
      if error.reason != .locked, error.reason != .diskFull {
        // Whatever the connection is in the midst of, a new one is not.
        file?.close()
        file = nil
      }
      return error
    }
  }

  /// The file that the path names now; a new one after the old was taken away.
  private mutating func openFile(
    _ backlog: borrowing Mutex<LedgerBacklog>, _ outcome: inout Outcome
  ) throws(LedgerError) -> LedgerFile {
    if let file {
      if file.isInPlace { return file }
      file.close()
      self.file = nil
      let gone = LedgerCondition.waiting(LedgerError(.fileGone, path: path))
      if backlog.withLock({ $0.note(gone) }) { outcome.news.append(gone) }
    }
    let file = try LedgerFile(path, busyMilliseconds: options.busyMilliseconds)
    self.file = file
    return file
  }

  private func tell(_ backlog: borrowing Mutex<LedgerBacklog>, _ outcome: inout Outcome) {
    let news = backlog.withLock { [lastFailure, path] backlog -> LedgerCondition? in
      let isLosing = backlog.tellLoss()
      let condition: LedgerCondition =
        if let lastFailure {
          isLosing || backlog.isFull ? .losing(lastFailure) : .waiting(lastFailure)
        } else {
          isLosing ? .losing(LedgerError(.overloaded, path: path)) : .healthy
        }
      return backlog.note(condition) ? condition : nil
    }
    if let news { outcome.news.append(news) }
  }

  /// Doubles with every failure in a row.
  private var retryDelay: Int {
    let doublings = min(max(failures - 1, 0), 10)
    return min(max(options.retryMilliseconds, 1) << doublings, LedgerOptions.maximumRetryMilliseconds)
  }

  /// - Returns: whether retention has more to delete.
  mutating func trim(nowMilliseconds: Int64) -> Bool {
    guard options.hasRetention, failures == 0, let file, file.isInPlace else { return false }
    // A failure shows with the next row that is written, and is told then.
    return (try? file.trim(options, nowMilliseconds: nowMilliseconds)) ?? false
  }

  /// Writes a vote.
  func record(_ feedback: LedgerFeedback) -> Result<LedgerFeedbackReceipt?, LedgerError> {
    guard let file else { return .failure(LedgerError(isClosed ? .closed : .fileGone, path: path)) }
    do { return .success(try file.record(feedback)) } catch { return .failure(error) }
  }

  /// Lets the file go.
  mutating func close() {
    isClosed = true
    file?.close()
    file = nil
  }
}
