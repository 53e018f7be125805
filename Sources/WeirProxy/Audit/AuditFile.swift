import Glibc
import WeirPolicy

/// The file that audit lines are appended to, and its rotation. Lives on the audit log's thread; closes its descriptor
/// when it goes.
struct AuditFile: ~Copyable {
  /// Why nothing can be written.
  struct Fault: Error, CustomStringConvertible {
    let description: String
    /// Another process has the file: one that is about to end, where this one takes over from it.
    var isTaken = false

    init(_ path: String, _ what: String, isTaken: Bool = false) {
      description = "\(path): \(what)"
      self.isTaken = isTaken
    }

    static func taken(_ path: String) -> Fault {
      Fault(path, "another process writes this audit log", isTaken: true)
    }

    init(_ path: String, errno code: CInt) {
      description = unsafe "\(path): \(String(cString: strerror(code)))"
    }
  }

  /// What opening found at the end of the file.
  struct Repair {
    /// Bytes behind the last whole line.
    let tornBytes: Int
  }

  /// More than the longest line that weir writes; the end of the file within it is enough to go on from.
  private static let tailBytes = 1024 * 1024

  private let path: String
  private let descriptor: CInt
  private var size: Int
  private var inode: UInt

  private init(path: String, descriptor: CInt, size: Int, inode: UInt) {
    self.path = path
    self.descriptor = descriptor
    self.size = size
    self.inode = inode
  }

  deinit { close(descriptor) }

  /// Whether another file, or none, stands where this one was.
  var isGone: Bool {
    var status = stat()
    return unsafe stat(path, &status) != 0 || UInt(status.st_ino) != inode
  }

  /// Whether the lines would make the file longer than it may be.
  func isFull(with bytes: Int, maximum: Int) -> Bool { size > 0 && bytes > maximum - min(size, maximum) }

  /// Appends whole lines, all or none: what a full disk took of them is taken back.
  mutating func append(_ bytes: [UInt8]) throws(Fault) {
    let (written, code) = Self.put(bytes, to: descriptor)
    guard written == bytes.count else {
      _ = ftruncate(descriptor, size)
      throw Fault(path, errno: code)
    }
    size += written
  }

  /// Waits until everything is on the disk.
  func sync() throws(Fault) {
    guard fdatasync(descriptor) == 0 else { throw Fault(path, errno: errno) }
  }

  /// Moves the file to `.1`, that to `.2` and so on; the oldest goes. The caller opens the next.
  static func rotate(_ path: String, keep: Int) throws(Fault) {
    guard keep > 0 else {
      guard unsafe unlink(path) == 0 else { throw Fault(path, errno: errno) }
      return
    }
    for index in stride(from: keep - 1, to: 0, by: -1) {
      let moved = unsafe rename("\(path).\(index)", "\(path).\(index + 1)")
      if moved != 0, errno != ENOENT { throw Fault("\(path).\(index)", errno: errno) }
    }
    guard unsafe rename(path, path + ".1") == 0 else { throw Fault(path, errno: errno) }
  }

  // MARK: Opening

  /// Opens or makes the file and finds the end of its chain.
  ///
  /// - Parameters:
  ///   - chain: where the chain stood, when this process has written lines already; nil reads it from the file, or
  ///     from the last rotated one.
  ///   - repair: set where the last line is cut off; the caller appends the event that says so.
  static func open(
    _ path: String, chain: inout AuditChain?, repair: inout Repair?
  ) throws(Fault) -> AuditFile {
    let descriptor = unsafe Glibc.open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Fault(path, errno: errno) }
    let (size, inode) = try lock(descriptor, path)
    var file = AuditFile(path: path, descriptor: descriptor, size: size, inode: inode)
    // Rotated by another process just before it let go.
    if file.isGone { throw Fault.taken(path) }
    if size > 0 { repair = try file.takeUp(&chain) } else { chain = start(of: path, after: chain) }
    return file
  }

  /// What the first line of a file follows.
  private static func start(of path: String, after chain: AuditChain?) -> AuditChain {
    // Another process may have gone on where this one had let go, and rotated.
    if let rotated = end(of: path + ".1"), rotated.sequence > chain?.sequence ?? 0 { return rotated }
    return chain ?? .start
  }

  /// Whoever else has the file open would write lines of a chain of their own.
  private static func lock(_ descriptor: CInt, _ path: String) throws(Fault) -> (size: Int, inode: UInt) {
    var status = stat()
    let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    if isLocked, unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      return (Int(status.st_size), UInt(status.st_ino))
    }
    close(descriptor)
    guard isLocked else { throw Fault.taken(path) }
    throw Fault(path, "this is no regular file")
  }

  private mutating func takeUp(_ chain: inout AuditChain?) throws(Fault) -> Repair? {
    let tail = Self.tail(of: descriptor, size: size)
    let (last, torn) = Self.lastLine(of: tail)
    guard last != nil || isTornAtStart(tail) else {
      throw Fault(path, "the file has other things in it than an audit log; name another")
    }
    if tail.last != UInt8(ascii: "\n") {
      let (written, code) = Self.put([UInt8(ascii: "\n")], to: descriptor)
      guard written == 1 else { throw Fault(path, errno: code) }
      size += 1
    }
    chain = last.map { AuditChain(after: $0) } ?? Self.start(of: path, after: chain)
    return torn > 0 ? Repair(tornBytes: torn) : nil
  }

  /// Whether the file has nothing but beginnings of lines, as crashes and a full disk leave them before one is whole; or
  /// zeros in the place of the first, as a loss of power does where the disk knows the file's length and not yet its bytes.
  private func isTornAtStart(_ tail: [UInt8]) -> Bool {
    let lines = tail.split(separator: UInt8(ascii: "\n"))
    guard tail.count == size, let first = lines.first, lines.count <= AuditCheck.maximumDoubtful else { return false }
    return (first.allSatisfy { $0 == 0 } || AuditLine.begins(with: first))
      && lines.dropFirst().allSatisfy { AuditLine.begins(with: $0) }
  }

  // MARK: Reading

  private static func end(of path: String) -> AuditChain? {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return lastLine(of: tail(of: descriptor, size: Int(status.st_size))).last.map { AuditChain(after: $0) }
  }

  private static func tail(of descriptor: CInt, size: Int) -> [UInt8] {
    let wanted = min(size, tailBytes)
    var bytes = [UInt8](repeating: 0, count: wanted)
    var read = 0
    while read < wanted {
      let count = unsafe bytes.withUnsafeMutableBytes { region in
        unsafe pread(
          descriptor, UnsafeMutableRawBufferPointer(rebasing: region[read...]).baseAddress, wanted - read,
          size - wanted + read)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      read += count
    }
    return Array(bytes[..<read])
  }

  /// The last line that is whole and as it was written, and how many bytes of others follow it. It may lack its line feed,
  /// where a crash cut off no more than that.
  private static func lastLine(of tail: [UInt8]) -> (last: AuditLine?, torn: Int) {
    var end = tail.endIndex
    while end > tail.startIndex {
      let isEnded = tail[end - 1] == UInt8(ascii: "\n")
      let stop = isEnded ? end - 1 : end
      let start = tail[..<stop].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? tail.startIndex
      if let line = try? AuditLine(tail[start..<stop]) { return (line, tail.endIndex - end) }
      end = start
    }
    return (nil, tail.count)
  }

  private static func put(_ bytes: [UInt8], to descriptor: CInt) -> (written: Int, errno: CInt) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { region in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: region[written...])
        return unsafe write(descriptor, rest.baseAddress, rest.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return (written, errno) }
      written += count
    }
    return (written, 0)
  }
}
