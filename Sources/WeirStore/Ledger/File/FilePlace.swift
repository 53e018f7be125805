import Glibc

/// Which file a path names at a moment: SQLite writes on into a file that was deleted, and nobody ever sees the rows.
struct FilePlace: Equatable {
  private let device: UInt64
  private let node: UInt64

  /// What the path names now; nil when nothing is there.
  init?(_ path: String) {
    var info = stat()
    guard unsafe stat(path, &info) == 0 else { return nil }
    device = UInt64(info.st_dev)
    node = UInt64(info.st_ino)
  }

  /// Removes the file, unless the path names another one by now.
  func remove(_ path: String) {
    if FilePlace(path) == self { _ = unsafe unlink(path) }
  }

  /// Gives the file a name that nothing else has, unless the path names another one by now.
  ///
  /// - Returns: the name.
  func setAside(_ path: String) -> String? {
    // Its number is its own for as long as it is there.
    let name = "\(path).\(node)"
    guard FilePlace(path) == self, unsafe rename(path, name) == 0 else { return nil }
    return name
  }

  // An existing file is looked at without being opened: closing it would drop the POSIX locks that SQLite holds on it
  // for this process (https://sqlite.org/howtocorrupt.html, 2.2).

  /// Makes sure that there is a regular file which may be read and written. A new one is its owner's alone, since a
  /// ledger has the names of users; SQLite gives the files beside it the same mode.
  static func prepare(_ path: String) throws(LedgerError) {
    let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      _ = Glibc.close(descriptor)
      return
    }
    guard errno == EEXIST else { throw error(errno, path) }
    try require(path, R_OK | W_OK)
  }

  /// Makes sure that there is a regular file which may be read.
  static func requireReadable(_ path: String) throws(LedgerError) { try require(path, R_OK) }

  private static func require(_ path: String, _ mode: CInt) throws(LedgerError) {
    var info = stat()
    guard unsafe stat(path, &info) == 0 else {
      let code = errno
      throw code == ENOENT || code == ENOTDIR ? LedgerError(.notFound, path: path) : error(code, path)
    }
    guard info.st_mode & S_IFMT == S_IFREG else { throw LedgerError(.notAFile, path: path) }
    guard unsafe faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 else { throw error(errno, path) }
  }

  private static func error(_ code: CInt, _ path: String) -> LedgerError {
    let detail = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    let reason: LedgerError.Reason =
      switch code {
      case EISDIR: .notAFile
      case EROFS: .readOnly
      case ENOSPC, EDQUOT: .diskFull
      case EIO: .inputOutput
      default: .noPermission
      }
    return LedgerError(reason, path: path, detail: detail)
  }
}
