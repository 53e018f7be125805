/// What the searches of one request may cost: time, and bytes that matches are charged with. A plain value.
///
/// RE2's automata are fast as long as they know their states. A pattern with a counted repetition, such as
/// `password.{0,300}admin`, and a text made for it make a new state for each byte: microseconds instead of nanoseconds. No
/// count of bytes tells the two apart, so time is looked at, between stretches of work that are short even then.
struct SearchBudget {
  /// Of the thread's own time.
  static let nanoseconds: Int64 = 2_000_000_000
  /// So many bytes of work lie between two looks at the clock; who reads less than that never looks.
  static let stretch = 16 * 1024

  /// About a second for matches that cost most.
  private var bytesLeft = 512 * 1024 * 1024
  /// What a match costs at least, and where little is read behind it: about a microsecond, mostly for setting out, and the
  /// memory for what is changed there. So a body of nothing but matches has a million of them.
  static let leastCharge = 512
  private let time: () -> Int64
  private var end: Int64?
  private var lookedAt: Int64 = 0
  private var unseenBytes = 0
  /// Nothing more is to be looked for: what has not been looked at counts as a match.
  private(set) var isUsedUp = false

  /// - Parameter time: nanoseconds that the thread has worked.
  init(time: @escaping () -> Int64) { self.time = time }

  /// Pays for a match.
  mutating func charge(_ bytes: Int) {
    bytesLeft -= bytes
    if bytesLeft <= 0 { isUsedUp = true }
    read(bytes)
  }

  /// Pays for bytes that were looked at.
  ///
  /// - Returns: nanoseconds since the last look at the clock, where there was another one.
  @discardableResult mutating func read(_ bytes: Int) -> Int64? {
    unseenBytes += bytes
    guard unseenBytes >= Self.stretch else { return nil }
    unseenBytes = 0
    let now = time()
    guard let end else {
      (end, lookedAt) = (now + Self.nanoseconds, now)
      return nil
    }
    if now >= end { isUsedUp = true }
    defer { lookedAt = now }
    return now - lookedAt
  }
}
