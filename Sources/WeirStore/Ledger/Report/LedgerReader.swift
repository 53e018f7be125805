/// Reads a ledger, also while weir writes it. Blocks for the disk; not to be called on an event loop.
public struct LedgerReader: Sendable {
  /// The file.
  public let path: String
  private let connection: SQLiteConnection

  /// Opens the file for reading only; changes nothing and makes nothing.
  public init(path: String) throws(LedgerError) { try self.init(path: path, schema: .current) }

  init(path: String, schema: LedgerSchema) throws(LedgerError) {
    self.path = path
    try FilePlace.requireReadable(path)
    do {
      connection = try SQLiteConnection(path, .reading, busyMilliseconds: 5_000)
      let state = try connection.use { try LedgerSchema.state($0) }
      switch state {
      case .ledger(let version) where version == schema.version: return
      case .ledger(let version) where version > schema.version:
        throw LedgerError(.newerSchema(found: version, known: schema.version), path: path)
      case .ledger(let version): throw LedgerError(.olderSchema(found: version, known: schema.version), path: path)
      case .empty: throw LedgerError(.notALedger, path: path, detail: "it is empty")
      case .foreign: throw LedgerError(.notALedger, path: path, detail: "it has another program's tables")
      }
    } catch { throw LedgerError(error, path: path) }
  }

  /// Counts in one pass over the rows, in memory that grows with the groups and by 16 bytes a row. SQLite's own
  /// grouping sorts all rows first and has no percentiles: it takes several times as long.
  public func report(_ query: LedgerQuery) throws(LedgerError) -> LedgerReport {
    do {
      return try connection.use { database in
        try database.inTransaction(.deferred) { try Self.report(query, database) }
      }
    } catch { throw LedgerError(error, path: path) }
  }

  private static func report(_ query: LedgerQuery, _ database: SQLiteDatabase) throws -> LedgerReport {
    let since = query.sinceMilliseconds ?? .min
    var groups = LedgerGroups(query.dimensions)
    var rows = try SQLiteStatement(
      database, "SELECT \(LedgerGroups.allColumns(query.dimensions)) FROM requests WHERE time_ms >= ?")
    try rows.bind(since)
    while try rows.step() { groups.add(rows) }
    var votes = try SQLiteStatement(
      database,
      """
      SELECT \(LedgerGroups.columns(query.dimensions))rating FROM feedback JOIN requests USING (time_ms, id, sequence) WHERE feedback.time_ms >= ?
      """)
    try votes.bind(since)
    while try votes.step() { groups.addVote(votes) }
    return groups.report(query)
  }
}
