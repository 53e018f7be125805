import Glibc
public import WeirPolicy

/// The files of an audit log, for `weir audit`. Blocks while it reads.
public struct AuditFiles {
  /// A file cannot be read.
  public struct Unreadable: Error, CustomStringConvertible {
    /// The file and the system's words.
    public let description: String
  }

  private static let chunkBytes = 256 * 1024

  /// The log at a path with its rotated files, those that there are.
  public static func all(of path: String) -> [String] {
    var files: [String] = []
    for index in stride(from: 10_000, to: 0, by: -1) where unsafe access("\(path).\(index)", F_OK) == 0 {
      files.append("\(path).\(index)")
    }
    return files + [path]
  }

  /// Follows the chain through files, which may be named in any order.
  ///
  /// - Returns: what was read, all of it sound.
  public static func check(_ files: [String]) throws -> AuditCheck {
    var check = AuditCheck()
    var lastIsCut = false
    for file in try inOrder(files) {
      var number = 0
      lastIsCut = false
      try forEachLine(of: file) { line, isEnded in
        number += 1
        lastIsCut = !isEnded
        try check.take(line, at: AuditCheck.Place(file: file, line: number))
      }
    }
    try check.finish(lastIsCut: lastIsCut)
    return check
  }

  /// The first lines of a file that are looked at for one that can be read: a crash may have cut off some.
  private static let firstLines = AuditCheck.maximumDoubtful + 1

  /// By the number of their first line; one without a readable one yet comes behind the one that was named before it.
  private static func inOrder(_ files: [String]) throws -> [String] {
    var firsts: [(file: String, first: UInt64)] = []
    for file in files {
      var first: UInt64 = 0
      try forEachLine(of: file, atMost: firstLines) { line, _ in
        if first == 0, let line = try? AuditLine(line) { first = line.sequence }
      }
      firsts.append((file, first > 0 ? first : firsts.last?.first ?? 0))
    }
    return firsts.enumerated().sorted { ($0.element.first, $0.offset) < ($1.element.first, $1.offset) }
      .map(\.element.file)
  }

  /// Calls `body` with each line without its line feed, and whether it has one.
  public static func forEachLine(
    of file: String, atMost limit: Int = .max, _ body: (ArraySlice<UInt8>, Bool) throws -> Void
  ) throws {
    let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(file) }
    defer { close(descriptor) }
    var rest: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: chunkBytes)
    var lines = 0
    while lines < limit {
      let count = unsafe read(descriptor, &chunk, chunkBytes)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(file) }
      guard count > 0 else { break }
      // A file that is no log any more may have no line feed for gigabytes: what was looked through is not again.
      var looked = rest.endIndex
      rest += chunk[..<count]
      var start = rest.startIndex
      while lines < limit, let end = rest[looked...].firstIndex(of: UInt8(ascii: "\n")) {
        try body(rest[start..<end], true)
        lines += 1
        start = end + 1
        looked = start
      }
      rest.removeSubrange(..<start)
    }
    if !rest.isEmpty, lines < limit { try body(rest[...], false) }
  }

  private static func unreadable(_ file: String) -> Unreadable {
    let code = errno
    return unsafe Unreadable(description: "\(file): \(String(cString: strerror(code)))")
  }
}
