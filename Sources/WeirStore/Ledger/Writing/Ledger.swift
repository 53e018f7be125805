import Dispatch
import Glibc
import Synchronization

/// The usage ledger: a row per request and per attempt in an SQLite file.
///
/// Any thread may call it. `append` never waits for the disk: rows wait in a bounded queue in memory, and the ledger's own
/// dispatch queue writes them in batches. A file that cannot be written makes rows wait, then be dropped and counted; the
/// ledger tries on and heals by itself. Committed rows outlive the process; `kill -9` loses what arrived within the last
/// flush interval, a batch at a time and never in part.
public final class Ledger: Sendable {
  /// Called on the ledger's queue, once a change.
  public typealias Observer = @Sendable (LedgerCondition, LedgerStats) -> Void

  /// Makes of a prompt and a reply what is kept of them; called on the ledger's queue.
  public typealias Preparation = @Sendable (LedgerBodies) -> LedgerBodies

  /// The file.
  public let path: String
  private let options: LedgerOptions
  private let onChange: Observer
  private let queue = DispatchQueue(label: "weir.ledger.writer")
  private let backlog: Mutex<LedgerBacklog>
  /// Taken on `queue` only, so never contended.
  private let writer: Mutex<LedgerWriter>

  /// Opens the file, made where there is none, and brings its schema up to date. Blocks for the disk.
  ///
  /// Throws when there is a file that weir must not touch or cannot use; the caller goes on without a ledger.
  public static func open(
    path: String, options: LedgerOptions = LedgerOptions(), prepare: Preparation? = nil,
    onChange: @escaping Observer = { _, _ in }
  ) throws(LedgerError) -> Ledger {
    let file = try LedgerFile(path, busyMilliseconds: options.busyMilliseconds)
    let ledger = Ledger(file, options, prepare: prepare, onChange)
    ledger.queue.async { ledger.trim() }
    return ledger
  }

  init(
    _ file: LedgerFile, _ options: LedgerOptions, prepare: Preparation? = nil, _ onChange: @escaping Observer
  ) {
    path = file.path
    self.options = options
    self.onChange = onChange
    backlog = Mutex(LedgerBacklog(options))
    writer = Mutex(LedgerWriter(file, options, prepare: prepare))
  }

  /// What metrics and `/health` say; never waits for the disk.
  public var stats: LedgerStats { backlog.withLock { $0.stats } }

  /// Takes a row to be written soon. Never waits for the disk; drops and counts the row when the queue is full.
  ///
  /// - Parameters:
  ///   - bodies: nil where prompts and replies are not kept; a row goes without them when too many wait.
  ///   - packer: of the calling thread.
  public func append(
    _ row: borrowing LedgerRow, attempts: [LedgerAttempt] = [], bodies: LedgerBodies? = nil,
    packer: RowPacker = RowPacker()
  ) {
    let packed = unsafe packer.pack(row, attempts: attempts)
    switch backlog.withLock({ unsafe $0.add(row, packed, attempts, bodies) }) {
    case .none: return
    case .later(let round): call(after: options.flushMilliseconds, for: round)
    case .now: queue.async { self.write() }
    }
  }

  /// Writes a vote to the latest request of its id. Never waits for the disk; the answer comes on the ledger's queue,
  /// nil when no request has that id.
  public func record(
    _ feedback: LedgerFeedback,
    completion: @escaping @Sendable (Result<LedgerFeedbackReceipt?, LedgerError>) -> Void
  ) {
    guard backlog.withLock({ $0.beginVote() }) else {
      let isClosed = backlog.withLock { $0.isClosed }
      return completion(.failure(LedgerError(isClosed ? .closed : .overloaded, path: path)))
    }
    queue.async {
      // The request may still wait in memory.
      self.write()
      let result = self.writer.withLock { $0.record(feedback) }
      self.backlog.withLock { $0.endVote() }
      completion(result)
    }
  }

  /// Writes what waits and lets the file go. Later rows are dropped and counted, and so are those that the file did not
  /// take within the time. May be called again.
  @discardableResult
  public func close(within seconds: Double = 5) async -> LedgerStats {
    let deadline = DispatchTime.now() + max(0, min(seconds, 3_600))
    backlog.withLock { $0.close() }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let waiting = Waiting(continuation)
      queue.async {
        self.finish(by: deadline)
        waiting.resume()
      }
      // A disk that hangs must not keep the process.
      DispatchQueue.global().asyncAfter(deadline: deadline + 0.5) { waiting.resume() }
    }
    return backlog.withLock { backlog in
      backlog.giveUp()
      return backlog.stats
    }
  }

  // MARK: On the queue

  private func call(after milliseconds: Int, for round: Int) {
    queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
      guard let self, backlog.withLock({ $0.isWaiting(round) }) else { return }
      write()
    }
  }

  private func callAgain(after milliseconds: Int) {
    queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
      guard let self else { return }
      backlog.withLock { $0.beginRetry() }
      write()
    }
  }

  /// Moves what waits to the file, unless it is not yet time to try again.
  private func write() {
    let outcome = writer.withLock { $0.write(from: backlog, now: DispatchTime.now().uptimeNanoseconds) }
    for condition in outcome.news { onChange(condition, stats) }
    if let delay = outcome.retryMilliseconds { callAgain(after: delay) }
    if outcome.isTrimDue { queue.async { [weak self] in self?.trim() } }
  }

  private func trim(isRepeated: Bool = false) {
    let (again, news) = writer.withLock {
      $0.trim(
        backlog, wall: Self.wallMilliseconds(), now: DispatchTime.now().uptimeNanoseconds, isRepeated: isRepeated)
    }
    if let news { onChange(news, stats) }
    switch again {
    // Between two steps waiting rows have their turn.
    case .soon: queue.asyncAfter(deadline: .now() + .milliseconds(20)) { [weak self] in self?.trim() }
    case .later: queue.asyncAfter(deadline: .now() + .seconds(60)) { [weak self] in self?.trim(isRepeated: true) }
    case nil: return
    }
  }

  private func finish(by deadline: DispatchTime) {
    while true {
      let outcome = writer.withLock { $0.write(from: backlog, now: .max) }
      for condition in outcome.news { onChange(condition, stats) }
      if stats.queueDepth == 0 || DispatchTime.now() >= deadline { break }
      usleep(50_000)
    }
    writer.withLock { $0.close() }
  }

  private static func wallMilliseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// A continuation that two may resume, and the first does.
private final class Waiting: Sendable {
  private let continuation: Mutex<CheckedContinuation<Void, Never>?>

  init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = Mutex(continuation) }

  func resume() {
    let first = continuation.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
    first?.resume()
  }
}
