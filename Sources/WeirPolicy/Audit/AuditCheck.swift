/// Follows the chain of an audit log line by line, over its files from the oldest to the newest.
public struct AuditCheck: Sendable {
  /// Where a line stands.
  public struct Place: Sendable, Equatable {
    /// The file's path.
    public let file: String
    /// Counted from 1.
    public let line: Int

    /// Names a place.
    public init(file: String, line: Int) {
      self.file = file
      self.line = line
    }
  }

  /// The first place where the chain does not hold.
  public struct Break: Error, Sendable, Equatable {
    /// Where.
    public let place: Place
    /// What is wrong there, a sentence without its full stop.
    public let what: String
  }

  /// Lines that hold.
  public private(set) var lines = 0
  /// The first line's number; above 1 where earlier files are gone.
  public private(set) var first: UInt64?
  /// The end of what holds; nil before the first line.
  public private(set) var end: AuditChain?
  /// Lines that a crash cut off, and after which weir says so. They do not break the chain.
  public private(set) var torn: [Place] = []
  /// Lines that are none, one after the other, of which the next one should say that a crash cut them off.
  private var doubtful: [Place] = []
  /// Crashes in a row that each cut a line off, before one whole line was on the disk.
  public static let maximumDoubtful = 100

  /// Nothing is read yet.
  public init() {}

  /// Takes the next line, without its line feed.
  public mutating func take(_ bytes: ArraySlice<UInt8>, at place: Place) throws(Break) {
    let line: AuditLine
    do throws(AuditLine.Fault) {
      line = try AuditLine(bytes)
    } catch {
      switch error {
      case .changed:
        throw Break(place: place, what: "the line is not what it was when it was written: its hash does not fit")
      case .malformed:
        try doubt(bytes, at: place)
        return
      }
    }
    if let first = doubtful.first {
      guard line.isRecovery else { throw Self.unreadable(first) }
      torn += doubtful
      doubtful = []
    }
    try link(line, at: place)
    end = AuditChain(after: line)
    lines += 1
  }

  private mutating func doubt(_ bytes: ArraySlice<UInt8>, at place: Place) throws(Break) {
    if let first = doubtful.first {
      // The line that told of a crash may itself have been cut off by the next one; it looks like a line then.
      guard AuditLine.begins(with: bytes), doubtful.count < Self.maximumDoubtful else { throw Self.unreadable(first) }
    }
    doubtful.append(place)
  }

  /// Nothing follows.
  ///
  /// - Parameter lastIsCut: whether the last line has no line feed: weir was killed there, or is writing it now.
  public mutating func finish(lastIsCut: Bool) throws(Break) {
    guard let first = doubtful.first else { return }
    guard lastIsCut else { throw Self.unreadable(first) }
    torn += doubtful
    doubtful = []
  }

  private mutating func link(_ line: AuditLine, at place: Place) throws(Break) {
    guard let end else {
      first = line.sequence
      guard line.sequence != 1 || line.previous == AuditChain.start.hash else {
        throw Break(place: place, what: "line 1 of the log links to a line before it")
      }
      return
    }
    guard line.sequence == end.sequence &+ 1 else {
      throw Break(
        place: place, what: "the line has the number \(line.sequence), and \(end.sequence &+ 1) should follow here")
    }
    guard line.previous == end.hash else {
      throw Break(place: place, what: "the line links to another line than the one before it")
    }
  }

  private static func unreadable(_ place: Place) -> Break {
    Break(place: place, what: "this is no line of an audit log")
  }
}
