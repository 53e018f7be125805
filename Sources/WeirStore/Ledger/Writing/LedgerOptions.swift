/// How the ledger behaves; the defaults are what weir runs with.
public struct LedgerOptions: Sendable, Equatable {
  /// Rows that wait in memory at most; further ones are dropped and counted.
  public var maximumQueuedRows = 10_000
  /// The number of rows at which the queue is written before its time.
  public var maximumBatchRows = 500
  /// Milliseconds between a row's arrival in an empty queue and its way to the file: what `kill -9` can lose.
  public var flushMilliseconds = 250
  /// Milliseconds that another process's lock on the file is waited for, a try.
  public var busyMilliseconds = 2_000
  /// Milliseconds until the first repetition of a failed write; each further one doubles them, up to 5 s.
  public var retryMilliseconds = 250
  /// Bytes of prompts and replies that wait in memory at most; rows beyond them wait without theirs, counted.
  public var maximumQueuedBodyBytes = 32 << 20
  /// Rows older than these days go; nil keeps them.
  public var maximumAgeDays: Int?
  /// The oldest rows go once the file holds more than these bytes; nil keeps them. The write-ahead log beside the file
  /// may hold some megabytes more.
  public var maximumBytes: Int64?

  /// What weir runs with.
  public init() {}

  /// Rows a transaction at most. Some come until the queue is written, and were they left over, nearly every transaction
  /// would have a small one behind it.
  var maximumTransactionRows: Int { 2 * min(max(maximumBatchRows, 1), 1 << 30) }

  /// Whether rows ever go.
  var hasRetention: Bool { maximumAgeDays != nil || maximumBytes != nil }

  /// The longest wait between two tries, so that a healed disk is noticed soon.
  static let maximumRetryMilliseconds = 5_000
}
