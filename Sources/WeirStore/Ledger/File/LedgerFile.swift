import CWeirSQLite
import Glibc
import Synchronization

/// The open file. Every call blocks for the disk; `Ledger` makes them on its own queue, one at a time.
final class LedgerFile: Sendable {
  let path: String
  let connection: SQLiteConnection
  /// Which file the path named when it was opened.
  private let place: FilePlace?
  /// What SQLite keeps beside it, which goes by the path's name too: rows that the file has yet to take, and their index.
  private let log: (path: String, place: FilePlace?)
  private let index: (path: String, place: FilePlace?)
  /// Nil where indexes find the rows.
  private let names: Mutex<LedgerNames?>

  /// Opens the file, made where there is none, and brings its schema up to date.
  init(
    _ path: String, schema: LedgerSchema = .current, busyMilliseconds: Int = LedgerOptions().busyMilliseconds
  ) throws(LedgerError) {
    self.path = path
    connection = try Self.openInTries(path, schema, busyMilliseconds)
    place = FilePlace(path)
    log = (path + "-wal", FilePlace(path + "-wal"))
    index = (path + "-shm", FilePlace(path + "-shm"))
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

  /// Whether the path still names the open file, and its log is beside it, where others look for it.
  var isInPlace: Bool {
    place != nil && FilePlace(path) == place && [log, index].allSatisfy { FilePlace($0.path) == $0.place }
  }

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
  func close() {
    if !isInPlace { _ = try? leave() }
    connection.close()
  }

  /// Lets a file go that was moved, deleted or replaced. SQLite would leave its last rows in the log: the file, wherever it
  /// is, would lack them, and the next one of its name would have them written over its own pages. So they follow the
  /// file, and the log goes. Where they cannot, the log is kept by another name: the file may have some of its pages by
  /// then, and is damaged without the others.
  ///
  /// - Parameter isPatient: whether to throw where a reader or a full disk keeps rows from following; the file is open
  ///   still.
  /// - Returns: where the log is kept.
  func leave(isPatient: Bool = false) throws(LedgerError) -> String? {
    var haveFollowed = true
    do {
      let isBusy = try connection.use { try $0.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 1 }
      if isBusy { throw LedgerError(.locked, path: path, detail: "a reader of the file that was here") }
    } catch {
      let error = LedgerError(error, path: path)
      // Nothing else mends itself.
      if isPatient, error.reason == .locked || error.reason == .diskFull { throw error }
      haveFollowed = false
    }
    defer { connection.close() }
    // Where only the index was taken away, the file is opened again with its log.
    guard haveFollowed || FilePlace(path) != place else { return nil }
    // Another process may have made new ones by now.
    index.place?.remove(index.path)
    if !haveFollowed { return log.place?.setAside(log.path) }
    log.place?.remove(log.path)
    return nil
  }
}
