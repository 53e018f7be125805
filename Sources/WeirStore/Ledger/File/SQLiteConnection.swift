import CWeirSQLite
import Synchronization

/// A connection to a database file. Any thread may use it; uses wait for each other, and for the disk.
final class SQLiteConnection: Sendable {
  private let handle: Mutex<Handle>

  /// Nil once closed.
  private struct Handle: @unchecked Sendable {
    var database: SQLiteDatabase?
  }

  /// How a file is opened.
  enum Mode {
    /// The file must be there.
    case reading
    /// The file is made where there is none.
    case writing
  }

  /// Opens the file. A lock of another process is waited for so long, then the use fails.
  init(_ path: String, _ mode: Mode, busyMilliseconds: Int) throws(SQLiteError) {
    let database = try SQLiteDatabase(path, mode, busyMilliseconds: busyMilliseconds)
    handle = Mutex(Handle(database: database))
  }

  /// Closes it: nothing else holds what is used here only.
  deinit { close() }

  /// Does something with the database, alone. Neither the database nor its statements may leave the closure.
  func use<Result: Sendable>(_ body: (SQLiteDatabase) throws -> Result) throws -> Result {
    try handle.withLock { handle in
      guard let database = handle.database else { throw SQLiteError(SQLITE_MISUSE, "the connection is closed") }
      return try body(database)
    }
  }

  /// Lets the file go; later uses fail.
  func close() {
    handle.withLock { handle in
      handle.database?.close()
      handle.database = nil
    }
  }
}
