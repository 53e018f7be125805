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
  /// Since when rows have yet to follow a file that was taken away; nil where none was.
  private var leavingSince: UInt64?
  /// What is to be written, in order.
  private var batches: [LedgerBatch] = []
  /// Rows of the first batch that are in the file.
  private var written = 0
  private var failures = 0
  /// Nil once all is well again.
  private var lastFailure: LedgerError?
  /// Nanoseconds of the monotonic clock before which the file is left alone.
  private var notBefore: UInt64 = 0
  private var lastTrim: UInt64 = 0
  private var retentionClock = RetentionClock()
  /// Why old rows do not go; nil while they do.
  private var trimFailure: LedgerError?
  /// Looks of retention in a row that met a lock.
  private var locksMet = 0
  /// Whether retention looks again by itself, since it could not do all that it had to.
  private var looksAgain = false

  /// Nanoseconds between two looks of retention.
  private static let trimInterval: UInt64 = 60_000_000_000

  /// For so many nanoseconds a file that was taken away is kept for rows that cannot follow it yet, however long it could
  /// not be written before.
  private static let patience: UInt64 = 30_000_000_000

  /// So many looks of retention may meet another process's lock before that is worth telling.
  private static let locksBorne = 3

  init(_ file: LedgerFile, _ options: LedgerOptions, prepare: Ledger.Preparation? = nil) {
    self.prepare = prepare
    path = file.path
    self.file = file
    self.options = options
  }

  /// Moves waiting rows to the file; `now` are nanoseconds of a monotonic clock, or the largest number there is at the
  /// end, when nothing is waited for any more.
  mutating func write(from backlog: borrowing Mutex<LedgerBacklog>, now: UInt64) -> Outcome {
    var outcome = Outcome()
    if now >= notBefore, !isClosed {
      var taken = backlog.withLock { $0.take() }
      if let prepare { taken.prepare(prepare) }
      if taken.count > 0 {
        // It waits behind others for a file that cannot be written, maybe for hours.
        if !batches.isEmpty { taken.fit() }
        batches.append(taken)
      }
      lastFailure = writeAll(backlog, now, &outcome)
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
    if let news = tell(backlog) { outcome.news.append(news) }
    return outcome
  }

  /// The first failure ends the round; what was written before it stays written.
  private mutating func writeAll(
    _ backlog: borrowing Mutex<LedgerBacklog>, _ now: UInt64, _ outcome: inout Outcome
  ) -> LedgerError? {
    do {
      let file = try openFile(backlog, now, &outcome)
      while !batches.isEmpty {
        try writeFirst(to: file, backlog)
        var spent = batches.removeFirst()
        written = 0
        spent.clear()
        backlog.withLock { [spent] in $0.reuse(spent) }
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

  /// A transaction for each so many rows.
  private mutating func writeFirst(
    to file: LedgerFile, _ backlog: borrowing Mutex<LedgerBacklog>
  ) throws(LedgerError) {
    let batch = batches[0]
    while written < batch.count {
      let rows = written..<min(written + options.maximumTransactionRows, batch.count)
      try file.write(batch, rows)
      backlog.withLock { $0.settle(written: rows.count, bodyBytes: batch.heldBytes(of: rows)) }
      written = rows.upperBound
    }
  }

  /// The file that the path names now; a new one after the old was taken away.
  private mutating func openFile(
    _ backlog: borrowing Mutex<LedgerBacklog>, _ now: UInt64, _ outcome: inout Outcome
  ) throws(LedgerError) -> LedgerFile {
    if let file {
      if file.isInPlace {
        leavingSince = nil
        return file
      }
      let gone = LedgerCondition.waiting(LedgerError(.fileGone, path: path))
      if leavingSince == nil, backlog.withLock({ $0.note(gone) }) { outcome.news.append(gone) }
      let since = leavingSince ?? now
      leavingSince = since
      // The end does not wait: it would be cut in the midst, and the log left for the next file of the name.
      if let rest = try file.leave(isPatient: now != .max && now &- since < Self.patience) {
        let detail = "its last rows are in \(rest): before it is opened, give that its name and -wal behind it"
        outcome.news.append(.waiting(LedgerError(.fileGone, path: path, detail: detail)))
      }
      self.file = nil
    }
    leavingSince = nil
    let file = try LedgerFile(path, busyMilliseconds: options.busyMilliseconds)
    self.file = file
    return file
  }

  /// How the ledger does, where that is news.
  private func tell(_ backlog: borrowing Mutex<LedgerBacklog>) -> LedgerCondition? {
    backlog.withLock { [lastFailure, trimFailure, path] backlog in
      let isLosing = backlog.tellLoss()
      let condition: LedgerCondition =
        if let lastFailure {
          isLosing || backlog.isFull ? .losing(lastFailure) : .waiting(lastFailure)
        } else if isLosing {
          .losing(LedgerError(.overloaded, path: path))
        } else {
          trimFailure.map { .keeping($0) } ?? .healthy
        }
      return backlog.note(condition) ? condition : nil
    }
  }

  /// Doubles with every failure in a row.
  private var retryDelay: Int {
    let doublings = min(max(failures - 1, 0), 10)
    return min(max(options.retryMilliseconds, 1) << doublings, LedgerOptions.maximumRetryMilliseconds)
  }

  /// A step of retention.
  ///
  /// - Parameters:
  ///   - wall: milliseconds since 1970.
  ///   - now: nanoseconds of a monotonic clock.
  ///   - isRepeated: it was this that asked to be called again for what failed.
  /// - Returns: when it wants to be called again, and how the ledger does where that is news.
  mutating func trim(
    _ backlog: borrowing Mutex<LedgerBacklog>, wall: Int64, now: UInt64, isRepeated: Bool = false
  ) -> (again: TrimCall?, news: LedgerCondition?) {
    if isRepeated { looksAgain = false }
    guard options.hasRetention, failures == 0, let file, file.isInPlace else { return (nil, nil) }
    var isUnfinished = false
    do throws(LedgerError) {
      isUnfinished = try trim(file, wall: wall, now: now)
      locksMet = 0
    } catch {
      // Pages that no row is written to may be damaged for long without anybody seeing it.
      locksMet = error.reason == .locked ? locksMet + 1 : 0
      if locksMet == 0 || locksMet >= Self.locksBorne { trimFailure = error }
    }
    return (isUnfinished ? .soon : lookLater(), tell(backlog))
  }

  /// When retention is to be called again.
  enum TrimCall {
    /// There is more to delete.
    case soon
    /// It failed; no row may come that would call it.
    case later
  }

  private mutating func lookLater() -> TrimCall? {
    guard trimFailure != nil, !looksAgain else { return nil }
    looksAgain = true
    return .later
  }

  private mutating func trim(_ file: LedgerFile, wall: Int64, now: UInt64) throws(LedgerError) -> Bool {
    var options = options
    var doubt: LedgerError?
    if let age = options.maximumAgeDays.flatMap(LedgerFile.milliseconds) {
      if retentionClock.isNew {
        let before = RetentionClock.witnessesBefore(wall)
        retentionClock.begin(with: try file.newestRow(before: before), monotonic: now)
      }
      if !retentionClock.believes(wall, monotonic: now, age: age) {
        options.maximumAgeDays = nil
        doubt = LedgerError(.clockAhead, path: path)
      }
    }
    let isUnfinished = try file.trim(options, nowMilliseconds: wall)
    trimFailure = doubt
    return isUnfinished
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
