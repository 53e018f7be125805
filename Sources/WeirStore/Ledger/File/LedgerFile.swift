import CWeirSQLite
import Glibc
import Synchronization

/// The open file. Every call blocks for the disk; `Ledger` makes them on its own queue, one at a time.
final class LedgerFile: Sendable {
  let path: String
  let connection: SQLiteConnection
  /// Which file the path named when it was opened.
  private let place: FilePlace?
  /// Nil where indexes find the rows.
  private let names: Mutex<LedgerNames?>

  /// Opens the file, made where there is none, and brings its schema up to date.
  init(
    _ path: String, schema: LedgerSchema = .current, busyMilliseconds: Int = LedgerOptions().busyMilliseconds
  ) throws(LedgerError) {
    self.path = path
    connection = try Self.openInTries(path, schema, busyMilliseconds)
    place = FilePlace(path)
    do {
      names = Mutex(try connection.use { try LedgerSchema.hasNames($0) } ? LedgerNames() : nil)
    } catch { throw LedgerError(error, path: path) }
  }

  /// Two processes that make the same ledger at once get into each other's way; a later try finds it made.
  private static func openInTries(
    _ path: String, _ schema: LedgerSchema, _ busyMilliseconds: Int
  ) throws(LedgerError) -> SQLiteConnection {
    for attempt in 1..<tries {
      do { return try open(path, schema, busyMilliseconds) } catch {
        guard isRace(error) else { throw error }
        usleep(UInt32(attempt * 20_000))
      }
    }
    return try open(path, schema, busyMilliseconds)
  }

  private static let tries = 5

  private static func isRace(_ error: LedgerError) -> Bool { error.reason == .locked || error.reason == .inputOutput }

  private static func open(
    _ path: String, _ schema: LedgerSchema, _ busyMilliseconds: Int
  ) throws(LedgerError) -> SQLiteConnection {
    Self.setUpSQLite
    try FilePlace.prepare(path)
    do {
      let connection = try SQLiteConnection(path, .writing, busyMilliseconds: busyMilliseconds)
      try connection.use { database in
        try requireOurs(LedgerSchema.state(database), schema, path)
        try setUp(database)
        try schema.migrate(database)
      }
      return connection
    } catch { throw LedgerError(error, path: path) }
  }

  /// Once a process.
  private static let setUpSQLite: Void = weir_sqlite_set_up()

  private static func requireOurs(_ state: LedgerSchema.State, _ schema: LedgerSchema, _ path: String) throws {
    switch state {
    case .empty: return
    case .foreign: throw LedgerError(.notALedger, path: path, detail: "it has another program's tables")
    case .ledger(let version) where version > schema.version:
      throw LedgerError(.newerSchema(found: version, known: schema.version), path: path)
    case .ledger: return
    }
  }

  /// In this order: what concerns the file's format must come before its first page is written.
  private static func setUp(_ database: SQLiteDatabase) throws {
    try database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    // A killed process loses nothing that was committed, a machine without power at most what the log held.
    try database.execute("PRAGMA journal_mode = WAL")
    try database.execute("PRAGMA synchronous = NORMAL")
    try database.execute("PRAGMA journal_size_limit = 16777216")
    try database.addLedgerRows()
    // Takes the write lock, so that a file that takes no writes is found out now.
    try database.inTransaction(.immediate) {}
  }

  /// Whether the path still names the open file.
  var isInPlace: Bool { place != nil && FilePlace(path) == place }

  /// Writes all of these rows of a batch, or none.
  func write(_ batch: LedgerBatch, _ rows: Range<Int>) throws(LedgerError) {
    do {
      try connection.use { database in
        var requests = try SQLiteStatement(database, LedgerRow.insertRequests)
        var names = names.withLock { $0 }
        try database.inTransaction(.immediate) {
          try batch.writeRequests(rows, &requests)
          try batch.writeNames(rows, &names, database)
          if !batch.attempts.isEmpty {
            var attempts = try SQLiteStatement(database, LedgerBatch.insertAttempt)
            try batch.writeAttempts(rows, &attempts)
          }
          if !batch.bodies.isEmpty {
            var bodies = try SQLiteStatement(database, LedgerBatch.insertBodies)
            try batch.writeBodies(rows, &bodies)
          }
        }
        self.names.withLock { $0 = names }
      }
    } catch { throw LedgerError(error, path: path) }
  }

  /// Lets the file go; what was written stays.
  func close() { connection.close() }
}
