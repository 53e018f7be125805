/// The rows that wait for the writer, with the ledger's counts. A value; `Ledger` keeps it in a `Mutex`, held for a few
/// instructions at a time, so that an event loop never waits for the disk.
struct LedgerBacklog {
  /// What the one who added a row has to do.
  enum Wake: Equatable {
    /// Nothing: the writer is coming anyway.
    case none
    /// Call the writer when the flush interval is over, unless these rows are no longer the `round` that waits.
    case later(round: Int)
    /// Call it at once.
    case now
  }

  /// When the writer comes next.
  private enum Call { case none, later, now, retry }

  private let maximumRows: Int
  private let batchRows: Int
  private var waiting = LedgerBatch()
  /// A batch that was written, for its buffer.
  private var spare: LedgerBatch?
  private var inFlight = 0
  private let maximumBodyBytes: Int
  private var bodyBytes = 0
  private var call = Call.none
  /// How often the waiting rows were handed over.
  private var round = 0
  private var nextSequence: Int64 = 0
  private var votes = 0
  private(set) var isClosed = false
  /// Whether rows were dropped since the writer last asked.
  private var hasUntoldLoss = false
  private var counts = LedgerStats()

  /// Votes that may wait at once; they are rare, and each asks the file.
  static let maximumVotes = 64

  init(_ options: LedgerOptions) {
    maximumRows = max(options.maximumQueuedRows, 1)
    batchRows = max(options.maximumBatchRows, 1)
    maximumBodyBytes = options.maximumQueuedBodyBytes
  }

  /// What metrics and `/health` say.
  var stats: LedgerStats {
    var stats = counts
    stats.queueDepth = waiting.count + inFlight
    return stats
  }

  /// Takes a row, or counts it as dropped.
  ///
  /// - Parameter packed: the row, packed with the same attempts.
  mutating func add(
    _ row: borrowing LedgerRow, _ packed: PackedRow, _ attempts: [LedgerAttempt],
    _ bodies: LedgerBodies? = nil
  ) -> Wake {
    guard !isClosed, waiting.count + inFlight < maximumRows else {
      counts.rowsDropped += 1
      guard !isClosed, !hasUntoldLoss else { return .none }
      hasUntoldLoss = true
      return .now
    }
    let admitted = bodies.flatMap { admit($0) }
    unsafe waiting.append(row, packed: packed, attempts: attempts, sequence: nextSequence, bodies: admitted)
    nextSequence += 1
    switch call {
    case .none:
      call = .later
      return .later(round: round)
    case .later where waiting.count >= batchRows:
      call = .now
      return .now
    case .later, .now, .retry: return .none
    }
  }

  private mutating func admit(_ bodies: LedgerBodies) -> LedgerBodies? {
    guard bodyBytes + bodies.count <= maximumBodyBytes else {
      counts.bodiesDropped += 1
      return nil
    }
    bodyBytes += bodies.count
    return bodies
  }

  /// Hands all waiting rows to the writer; they count as waiting until `settle`.
  mutating func take() -> LedgerBatch {
    if call != .retry { call = .none }
    round &+= 1
    var taken = spare.take() ?? LedgerBatch()
    swap(&taken, &waiting)
    inFlight += taken.count
    return taken
  }

  /// Whether the rows that called the writer for later still wait: were it to come for those that it has, every batch that
  /// fills before its time would leave one more call behind, each with a small batch and a call of its own after it.
  func isWaiting(_ round: Int) -> Bool { round == self.round }

  /// Takes an empty batch back, to be filled again.
  mutating func reuse(_ batch: consuming LedgerBatch) { spare = batch }

  /// Rows have reached the file.
  mutating func settle(written: Int, bodyBytes bytes: Int = 0) {
    bodyBytes -= min(bytes, bodyBytes)
    inFlight -= min(written, inFlight)
    counts.rowsWritten += Int64(written)
  }

  /// A try has failed; the writer comes again by itself, so nobody calls it meanwhile.
  mutating func fail() {
    counts.writeFailures += 1
    call = .retry
  }

  /// The writer's repetition begins.
  mutating func beginRetry() {
    if call == .retry { call = .none }
  }

  /// Whether rows were dropped since this was last asked.
  mutating func tellLoss() -> Bool {
    defer { hasUntoldLoss = false }
    return hasUntoldLoss
  }

  /// Whether as many rows wait as may.
  var isFull: Bool { waiting.count + inFlight >= maximumRows }

  /// Notes how the ledger does; gives whether that is news.
  mutating func note(_ condition: LedgerCondition) -> Bool {
    defer { counts.condition = condition }
    return !condition.isSame(as: counts.condition)
  }

  /// Whether a vote may wait for the writer; `endVote` must follow a yes.
  mutating func beginVote() -> Bool {
    guard !isClosed, votes < Self.maximumVotes else { return false }
    votes += 1
    return true
  }

  mutating func endVote() { votes -= min(votes, 1) }

  /// From now on every row is dropped.
  mutating func close() { isClosed = true }

  /// What has not reached the file is lost.
  mutating func giveUp() {
    counts.rowsDropped += Int64(waiting.count + inFlight)
    waiting = LedgerBatch()
    inFlight = 0
    bodyBytes = 0
  }
}
