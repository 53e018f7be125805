import CWeirSQLite

/// The page of names that is being filled, for rows of one process: hashes of a request's id and of its reply's, with
/// the row's time, in the order in which rows are written.
///
/// A process extends the last row that it wrote to `request_names`, never another's. A copy is filled in a transaction,
/// and takes the place of the original once that has succeeded.
struct LedgerNames: Sendable {
  /// What fits into one page of the file, beside the row's head.
  static let capacity = 240

  /// Nil before the first name.
  private var row: Int64?
  private var names: [weir_ledger_names] = []

  /// Adds the names of rows, in the transaction that writes them.
  mutating func add(_ rows: UnsafePointer<weir_ledger_rows>, _ database: SQLiteDatabase) throws {
    var rest = unsafe Self.names(of: rows)[...]
    while !rest.isEmpty {
      if names.count >= Self.capacity { self = LedgerNames() }
      let part = rest.prefix(Self.capacity - names.count)
      names += part
      rest = rest.dropFirst(part.count)
      try save(database)
    }
  }

  private static func names(of rows: UnsafePointer<weir_ledger_rows>) -> [weir_ledger_names] {
    let count = unsafe max(rows.pointee.last - rows.pointee.first, 0)
    return unsafe [weir_ledger_names](unsafeUninitializedCapacity: count) { names, made in
      guard let start = names.baseAddress else { return }
      unsafe weir_ledger_names_of(rows, start)
      made = count
    }
  }

  private mutating func save(_ database: SQLiteDatabase) throws {
    let last = names.reduce(Int64.min) { max($0, $1.time_ms) }
    if let row {
      var update = try SQLiteStatement(database, "UPDATE request_names SET last_ms = ?, names = ? WHERE rowid = ?")
      try update.bind(last)
      try update.bind(names)
      try update.bind(row)
      try update.run()
      if database.changes > 0 { return }
    }
    var insert = try SQLiteStatement(database, "INSERT INTO request_names (last_ms, names) VALUES (?,?)")
    try insert.bind(last)
    try insert.bind(names)
    try insert.run()
    row = database.lastRow
  }

  /// The hash under which a name is looked for.
  static func hash(_ name: String) -> UInt32 {
    unsafe name.utf8Span.span.withUnsafeBytes { unsafe weir_ledger_name_hash($0.baseAddress, $0.count) }
  }
}
