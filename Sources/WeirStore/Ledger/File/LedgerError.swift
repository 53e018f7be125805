import CWeirSQLite

/// Why the ledger cannot be used, with what to do about it. Holds no row's values.
public struct LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Sendable, Equatable {
    /// There is no such file (only for readers).
    case notFound
    /// The path names a directory or a device.
    case notAFile
    /// The file or its directory may not be used.
    case noPermission
    /// The file or its file system does not take writes.
    case readOnly
    /// Some other program's database, or no database at all.
    case notALedger
    /// Written by a later weir.
    case newerSchema(found: Int, known: Int)
    /// Written by an earlier weir, and a reader may not change it.
    case olderSchema(found: Int, known: Int)
    /// SQLite finds the file damaged.
    case corrupt
    /// The disk or a quota is full.
    case diskFull
    /// Another process holds a lock.
    case locked
    /// The file was moved, deleted or replaced while in use.
    case fileGone
    /// The disk fails, or SQLite says something that has no name here.
    case inputOutput
    /// More rows arrive than can be written.
    case overloaded
    /// By the machine's clock every row would have to go, and it has not stood by that for long.
    case clockAhead
    /// The ledger was closed.
    case closed
  }

  /// What is wrong.
  public let reason: Reason
  /// The ledger's file.
  public let path: String
  /// The system's own words; may be empty.
  public let detail: String

  init(_ reason: Reason, path: String, detail: String = "") {
    self.reason = reason
    self.path = path
    self.detail = detail
  }

  /// Names SQLite's error (https://sqlite.org/rescode.html).
  init(_ error: any Error, path: String) {
    switch error {
    case let error as LedgerError: self = error
    case let error as SQLiteError:
      self.init(Self.reason(of: error), path: path, detail: "SQLite error \(error.code): \(error.message)")
    default: self.init(.inputOutput, path: path, detail: "\(type(of: error))")
    }
  }

  private static func reason(of error: SQLiteError) -> Reason {
    switch error.primaryCode {
    case SQLITE_FULL: .diskFull
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .locked
    case SQLITE_READONLY: .readOnly
    case SQLITE_CORRUPT: .corrupt
    case SQLITE_NOTADB: .notALedger
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .noPermission
    default: .inputOutput
    }
  }

  /// What is wrong, where, and what to do.
  public var description: String {
    let words = detail.isEmpty ? "" : " (\(detail))"
    return "\(path): \(what)\(words); \(fix)"
  }

  /// What is wrong, without the place.
  public var what: String {
    switch reason {
    case .notFound: "there is no usage ledger"
    case .notAFile: "this is no regular file"
    case .noPermission: "the usage ledger cannot be opened"
    case .readOnly: "the usage ledger takes no writes"
    case .notALedger: "this is no usage ledger of weir"
    case .newerSchema(let found, let known): "the usage ledger has schema \(found), and this weir knows \(known)"
    case .olderSchema(let found, let known): "the usage ledger has schema \(found), and this weir reads \(known)"
    case .corrupt: "the usage ledger is damaged"
    case .diskFull: "no space is left for the usage ledger"
    case .locked: "another process keeps the usage ledger locked"
    case .fileGone: "the usage ledger was moved, deleted or replaced while in use"
    case .inputOutput: "the usage ledger cannot be read or written"
    case .overloaded: "requests arrive faster than the usage ledger is written"
    case .clockAhead: "by this machine's clock every row of the usage ledger is too old"
    case .closed: "the usage ledger is closed"
    }
  }

  /// What to do.
  public var fix: String {
    switch reason {
    case .notFound: "name the file by --ledger or WEIR_LEDGER; weir makes it when it starts"
    case .notAFile, .notALedger: "set WEIR_LEDGER to another path; weir leaves this one alone"
    case .noPermission: "let weir's user read and write the file and its directory, or set WEIR_LEDGER to another path"
    case .readOnly: "make the file and its file system writable, or set WEIR_LEDGER to another path"
    case .newerSchema: "run the later weir, or set WEIR_LEDGER to another path"
    case .olderSchema: "start this weir once with it, which brings it up to date"
    case .corrupt:
      "move the file and those beside it ending in -wal and -shm away (`sqlite3 FILE .recover` may save rows); "
        + "weir starts a new one"
    case .diskFull: "free space, or set a bound by the ledger's retention"
    case .locked: "end the process that holds it; several weirs may share a ledger, but a tool must not keep it open"
    case .fileGone: "nothing, if that was meant: weir goes on with what is there now, or a new one"
    case .inputOutput: "look at the disk and at the system's log"
    case .overloaded: "give weir a faster disk, or set WEIR_LEDGER=off"
    case .clockAhead: "set the clock right; if it is, rows that are too old go in an hour"
    case .closed: "nothing: weir is ending"
    }
  }
}
