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

  /// Waits for the text of files that were emptied a moment ago: whoever writes one in place empties it first. Blocks, for
  /// one look at most.
  static func awaitText(of files: [String]) {
    for _ in 0..<Int(interval / step) {
      guard files.contains(where: wasJustEmptied) else { return }
      usleep(UInt32(step / .microseconds(1)))
    }
  }

  private static let step = Duration.milliseconds(10)

  private static func wasJustEmptied(_ path: String) -> Bool {
    let print = print(of: path)
    guard print.exists, print.size == 0 else { return false }
    let age = WallClock.seconds() - Double(print.seconds) - Double(print.nanoseconds) / 1e9
    return age < interval / .seconds(1)
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
