/// Whether the ledger keeps up.
public enum LedgerCondition: Sendable, Equatable {
  /// Rows reach the file.
  case healthy
  /// They do not, and wait in memory; the error says why and what to do.
  case waiting(LedgerError)
  /// No more of them fit into memory either: new rows are dropped, and counted.
  case losing(LedgerError)
  /// They do, and old ones do not leave it as they should.
  case keeping(LedgerError)

  /// Why the ledger is degraded; nil while it is healthy.
  public var error: LedgerError? {
    switch self {
    case .healthy: nil
    case .waiting(let error), .losing(let error), .keeping(let error): error
    }
  }

  /// Whether rows do not reach the file, or old ones do not leave it.
  public var isDegraded: Bool { error != nil }

  /// Whether both would be told in the same words; texts of SQLite's may differ from one try to the next.
  func isSame(as other: LedgerCondition) -> Bool {
    switch (self, other) {
    case (.healthy, .healthy): true
    case (.waiting(let one), .waiting(let two)), (.losing(let one), .losing(let two)),
      (.keeping(let one), .keeping(let two)):
      one.reason == two.reason
    default: false
    }
  }
}

/// The ledger's own counts since it was opened, for metrics and `/health`.
public struct LedgerStats: Sendable, Equatable {
  /// Rows in the file (`weir_ledger_rows_total`).
  public var rowsWritten: Int64 = 0
  /// Tries to write that failed (`weir_ledger_write_failures_total`); their rows are tried again.
  public var writeFailures: Int64 = 0
  /// Rows given up, because the queue was full or the ledger was closed.
  public var rowsDropped: Int64 = 0
  /// Rows that went without the prompt and reply that they should have had, since too many waited.
  public var bodiesDropped: Int64 = 0
  /// Rows that wait in memory.
  public var queueDepth = 0
  /// Whether the ledger keeps up.
  public var condition = LedgerCondition.healthy
}
