import Glibc

/// Notices that files changed on disk, however they were replaced: written in place, renamed over, or swapped by a
/// symbolic link as Kubernetes does. Looks a few times a second; a change counts once it has stood still for one look,
/// so that a file is not read while it is being written.
struct FileWatch {
  private struct Print: Equatable {
    var exists = false
    var inode: UInt = 0
    var size = 0
    var seconds = 0
    var nanoseconds = 0
  }

  /// Between two looks.
  static let interval = Duration.milliseconds(200)

  private var known: [String: Print] = [:]
  private var last: [String: Print] = [:]

  init(_ files: [String]) {
    known = Self.prints(files)
    last = known
  }

  /// Whether the files changed since the last time that this said so.
  mutating func hasSettledChange(_ files: [String]) -> Bool {
    let now = Self.prints(files)
    defer { last = now }
    guard now == last, now != known else { return false }
    known = now
    return true
  }

  private static func prints(_ files: [String]) -> [String: Print] {
    Dictionary(files.map { ($0, print(of: $0)) }, uniquingKeysWith: { first, _ in first })
  }

  private static func print(of path: String) -> Print {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return Print() }
    return Print(
      exists: true, inode: UInt(status.st_ino), size: Int(status.st_size), seconds: status.st_mtim.tv_sec,
      nanoseconds: status.st_mtim.tv_nsec)
  }
}
