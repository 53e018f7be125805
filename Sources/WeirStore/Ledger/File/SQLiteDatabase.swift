import CWeirSQLite

/// An open database, for its connection's user alone. The interface: https://sqlite.org/cintro.html.
@safe struct SQLiteDatabase {
  let handle: OpaquePointer

  init(_ path: String, _ mode: SQLiteConnection.Mode, busyMilliseconds: Int) throws(SQLiteError) {
    // Without locks of SQLite's own: the connection has one.
    let flags =
      SQLITE_OPEN_NOMUTEX
      | (mode == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
    var opened: OpaquePointer?
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened = unsafe opened else {
      unsafe sqlite3_close(opened)
      throw SQLiteError(code, unsafe String(cString: sqlite3_errstr(code)))
    }
    unsafe handle = opened
    unsafe sqlite3_extended_result_codes(opened, 1)
    unsafe sqlite3_busy_timeout(opened, CInt(clamping: busyMilliseconds))
  }

  /// Waits for nothing: a statement that were left would keep the file open until it is freed.
  func close() { unsafe sqlite3_close_v2(handle) }

  /// Runs statements that need no values; rows are passed over.
  func execute(_ sql: String) throws(SQLiteError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw lastError(code) }
  }

  /// Runs one statement with these values.
  func execute(_ sql: String, _ values: Int64...) throws(SQLiteError) {
    var statement = try SQLiteStatement(self, sql)
    for value in values { try statement.bind(value) }
    try statement.run()
  }

  /// The first column of the first row; nil without one, and for NULL.
  func integer(_ sql: String, _ values: Int64...) throws(SQLiteError) -> Int64? {
    var statement = try SQLiteStatement(self, sql)
    for value in values { try statement.bind(value) }
    guard try statement.step(), !statement.isNull(0) else { return nil }
    return statement.integer(0)
  }

  /// Rows that the last statement changed.
  var changes: Int { Int(unsafe sqlite3_changes(handle)) }

  /// Where the last row was inserted.
  var lastRow: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

  /// Gives statements the function that rows of the ledger are bound to.
  func addLedgerRows() throws(SQLiteError) {
    let code = unsafe weir_sqlite_add_ledger_rows(handle)
    guard code == SQLITE_OK else { throw lastError(code) }
  }

  /// How a transaction begins.
  enum Transaction: String {
    /// With the lock for writing.
    case immediate = "BEGIN IMMEDIATE"
    /// With the first statement's lock; all statements see the file at one moment.
    case deferred = "BEGIN DEFERRED"
  }

  /// Does all of it or nothing.
  func inTransaction<Result>(_ kind: Transaction, _ body: () throws -> Result) throws -> Result {
    // A disk that failed may have kept the last one from being undone.
    try rollBack()
    try execute(kind.rawValue)
    do {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      try? rollBack()
      throw error
    }
  }

  /// SQLite undoes some by itself (https://sqlite.org/lang_transaction.html, 3.1).
  private func rollBack() throws(SQLiteError) {
    if unsafe sqlite3_get_autocommit(handle) == 0 { try execute("ROLLBACK") }
  }

  /// What SQLite says of a call that just failed.
  func lastError(_ code: CInt) -> SQLiteError {
    SQLiteError(code, unsafe sqlite3_errmsg(handle).map { unsafe String(cString: $0) })
  }
}
