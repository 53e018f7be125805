import Glibc

/// Writes small files so that readers, and a restart after a crash, see the whole file or the one before. Two processes, as
/// in a hand-over, may write one file at the same time: the later one waits, so that neither publishes the other's half.
enum WholeFile {
  /// How often it is looked whether the other process is done, and how long it rests in between: half a second in all.
  /// One that was stopped amid its writing must not keep this one.
  private static let looks = 250
  private static let restMicroseconds: UInt32 = 2_000

  /// Blocks until the bytes are on disk, under this name.
  static func write(_ bytes: [UInt8], to path: String) throws(FileWriteError) {
    try prepare(bytes, for: path) { unsafe rename($0, path) == 0 }
    syncFolder(of: path)
  }

  /// A loss of power may take the new name back, and leave the file as it was before, until the folder is on disk too
  /// (fsync(2)). The bytes are written, so a file system that cannot do it is no failure.
  private static func syncFolder(of path: String) {
    let descriptor = unsafe open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// Whether there is leave and room to write the bytes; leaves everything as it was. Blocks.
  static func tryOut(_ bytes: [UInt8], for path: String) throws(FileWriteError) {
    try prepare(bytes, for: path) { unsafe unlink($0) == 0 }
  }

  /// Puts the bytes on disk in a file that no other process writes to, and has that moved, or removed.
  private static func prepare(
    _ bytes: [UInt8], for path: String, end: (_ temporary: String) -> Bool
  ) throws(FileWriteError) {
    let temporary = path + ".new"
    let descriptor = try opened(temporary, for: path)
    // Its end gives up the lock.
    defer { close(descriptor) }
    guard ftruncate(descriptor, 0) == 0 else { throw FileWriteError(path: path, errno: errno) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileWriteError(path: path, errno: errno) }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0, end(temporary) else { throw FileWriteError(path: path, errno: errno) }
  }

  /// Opens the file that is to be moved, once no other process has it.
  private static func opened(_ temporary: String, for path: String) throws(FileWriteError) -> CInt {
    for _ in 0..<looks {
      let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        let code = errno
        // The file beside it may be somebody else's, left by a weir of another user.
        let isInTheWay = unsafe access(temporary, F_OK) == 0
        throw FileWriteError(path: isInTheWay ? temporary : path, errno: code)
      }
      // Where the file system has no locks there is nothing to wait for.
      let isTaken = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      // The other process may have moved it since it was opened.
      if !isTaken, isStill(temporary, descriptor) { return descriptor }
      close(descriptor)
      usleep(restMicroseconds)
    }
    throw FileWriteError(path: temporary, errno: EWOULDBLOCK)
  }

  private static func isStill(_ path: String, _ descriptor: CInt) -> Bool {
    var (named, held) = (stat(), stat())
    guard unsafe stat(path, &named) == 0, unsafe fstat(descriptor, &held) == 0 else { return false }
    return named.st_ino == held.st_ino && named.st_dev == held.st_dev
  }
}

/// A file could not be written.
public struct FileWriteError: Error, CustomStringConvertible {
  let path: String
  let errno: CInt
  /// The file and the system's words.
  public var description: String {
    // Those for a file that is taken are about its being unavailable for a while.
    errno == EWOULDBLOCK
      ? "\(path): another process holds it" : unsafe "\(path): \(String(cString: strerror(errno)))"
  }
}
