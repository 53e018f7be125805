import Glibc

/// Writes small files so that readers, and a restart after a crash, see the whole file or the one before.
enum WholeFile {
  /// Blocks until the bytes are on disk.
  static func write(_ bytes: [UInt8], to path: String) throws(FileWriteError) {
    let temporary = try prepare(bytes, for: path)
    guard unsafe rename(temporary, path) == 0 else { throw FileWriteError(path: path, errno: errno) }
  }

  /// Whether there is leave and room to write the bytes; leaves everything as it was. Blocks.
  static func tryOut(_ bytes: [UInt8], for path: String) throws(FileWriteError) {
    _ = unsafe unlink(try prepare(bytes, for: path))
  }

  /// The name of the file that has the bytes on disk and only needs to be moved.
  private static func prepare(_ bytes: [UInt8], for path: String) throws(FileWriteError) -> String {
    let temporary = path + ".new"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileWriteError(path: path, errno: errno) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let code = errno
        close(descriptor)
        throw FileWriteError(path: path, errno: code)
      }
      rest = rest.dropFirst(count)
    }
    let isSynced = fsync(descriptor) == 0
    guard close(descriptor) == 0, isSynced else { throw FileWriteError(path: path, errno: errno) }
    return temporary
  }
}

/// A file could not be written.
public struct FileWriteError: Error, CustomStringConvertible {
  let path: String
  let errno: CInt
  /// The file and the system's words.
  public var description: String { unsafe "\(path): \(String(cString: strerror(errno)))" }
}
