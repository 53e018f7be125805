import CWeirSQLite

/// A prepared statement; used and freed by the user of its database. The interface: https://sqlite.org/cintro.html.
@safe struct SQLiteStatement: ~Copyable {
  private let handle: OpaquePointer
  private let database: SQLiteDatabase
  private var position: CInt = 0

  /// Throws where SQLite does not understand the text.
  init(_ database: SQLiteDatabase, _ sql: String) throws(SQLiteError) {
    var made: OpaquePointer?
    let code = unsafe sqlite3_prepare_v2(database.handle, sql, -1, &made, nil)
    guard code == SQLITE_OK, let made = unsafe made else { throw database.lastError(code) }
    unsafe handle = made
    self.database = database
  }

  deinit { unsafe sqlite3_finalize(handle) }

  /// Runs the statement with the values that were bound, and makes it ready for the next ones.
  mutating func run() throws(SQLiteError) {
    let code = unsafe sqlite3_step(handle)
    reset()
    guard code == SQLITE_DONE || code == SQLITE_ROW else { throw database.lastError(code) }
  }

  /// Makes the statement ready for the next values.
  mutating func reset() {
    unsafe sqlite3_reset(handle)
    position = 0
  }

  /// Fetches the next row; false after the last.
  borrowing func step() throws(SQLiteError) -> Bool {
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw database.lastError(code)
    }
  }

  // MARK: Reading the row that `step` fetched

  borrowing func isNull(_ column: CInt) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

  /// Zero for NULL.
  borrowing func integer(_ column: CInt) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  /// Zero for NULL.
  borrowing func double(_ column: CInt) -> Double { unsafe sqlite3_column_double(handle, column) }

  /// Nil for NULL.
  borrowing func text(_ column: CInt) -> String? {
    guard !isNull(column) else { return nil }
    var bytes: [UInt8] = []
    append(column, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends a text's bytes.
  borrowing func append(_ column: CInt, to bytes: inout [UInt8]) {
    guard let text = unsafe sqlite3_column_text(handle, column) else { return }
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text, count: count))
  }

  /// The first byte of a text; nil for NULL and for an empty one.
  borrowing func firstByte(_ column: CInt) -> UInt8? {
    guard let text = unsafe sqlite3_column_text(handle, column), unsafe text.pointee != 0 else { return nil }
    return unsafe text.pointee
  }

  /// Looks in a page of names for a hash, from so many of them down to the first; gives the place and the row's time.
  borrowing func find(_ hash: UInt32, in column: CInt, before end: Int) -> (place: Int, timeMilliseconds: Int64)? {
    guard let names = unsafe sqlite3_column_blob(handle, column) else { return nil }
    let count = Int(unsafe sqlite3_column_bytes(handle, column)) / MemoryLayout<weir_ledger_names>.size
    var found = weir_ledger_names()
    let place = unsafe weir_ledger_find_name(names, min(end, count), hash, &found)
    return place < 0 ? nil : (place, found.time_ms)
  }

  // MARK: Binding, one column after the other

  /// SQLITE_TRANSIENT: SQLite keeps a copy.
  private static var copied: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

  mutating func bind(_ value: Int64?) throws(SQLiteError) {
    position += 1
    let code =
      if let value { unsafe sqlite3_bind_int64(handle, position, value) } else {
        unsafe sqlite3_bind_null(handle, position)
      }
    try check(code)
  }

  mutating func bind(_ value: Int?) throws(SQLiteError) { try bind(value.map { Int64($0) }) }

  mutating func bind(_ value: Double?) throws(SQLiteError) {
    guard let value else { return try bind(nil as Int64?) }
    position += 1
    try check(unsafe sqlite3_bind_double(handle, position, value))
  }

  /// What is no amount (negative, infinite, not a number) is stored as unknown.
  mutating func bind(amount: Double?) throws(SQLiteError) {
    try bind(amount.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil } as Double?)
  }

  /// Cuts at a character's border.
  mutating func bind(_ text: String?, atMost bytes: Int = LedgerRow.maximumTextBytes) throws(SQLiteError) {
    guard var text else { return try bind(nil as Int64?) }
    if text.utf8.count > bytes { text = text.cut(toBytes: bytes) }
    position += 1
    let place = position
    // A null pointer would mean NULL, and an empty text may have one.
    if text.isEmpty {
      return unsafe try check(sqlite3_bind_text(handle, place, "", 0, Self.copied))
    }
    let code = text.withUTF8 { utf8 in
      unsafe utf8.withMemoryRebound(to: CChar.self) { characters in
        unsafe sqlite3_bind_text(handle, place, characters.baseAddress, CInt(clamping: characters.count), Self.copied)
      }
    }
    try check(code)
  }

  /// Binds a page of names.
  mutating func bind(_ names: [weir_ledger_names]) throws(SQLiteError) {
    position += 1
    let place = position
    let code = unsafe names.withUnsafeBytes { names in
      unsafe sqlite3_bind_blob(handle, place, names.baseAddress, CInt(clamping: names.count), Self.copied)
    }
    try check(code)
  }

  /// Binds rows of the ledger, all at once; they must stay where they are until the statement has run.
  mutating func bind(_ rows: UnsafePointer<weir_ledger_rows>) throws(SQLiteError) {
    position += 1
    try check(unsafe weir_sqlite_bind_ledger_rows(handle, position, rows))
  }

  private borrowing func check(_ code: CInt) throws(SQLiteError) {
    guard code == SQLITE_OK else { throw database.lastError(code) }
  }
}
