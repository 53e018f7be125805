/// Whether the age of rows may go by what the clock of the day says. One that leaps so far ahead, by a month at least, that
/// all rows are too old is not believed at once: where it is wrong, as after a slip of the hand or in a machine whose
/// battery is empty, it would empty the ledger before anybody sets it right. A value.
struct RetentionClock {
  /// So many nanoseconds a clock has to stand by what it says.
  static let patience: UInt64 = 3_600_000_000_000
  /// Milliseconds, a month: a machine that is used seldom may well have been off for less.
  static let leastLeap: Int64 = 30 * 86_400_000

  /// The last time that was believed, at first that of the newest row: in milliseconds since 1970, and nanoseconds of the
  /// monotonic clock.
  private var known: (wall: Int64, monotonic: UInt64)?
  private var doubtfulSince: UInt64?

  /// Whether nothing is known yet that a time could be held against.
  var isNew: Bool { known == nil }

  /// Rows from here on say nothing at the start: those of the last hour may be by the clock that is in doubt, written
  /// before a restart. In milliseconds since 1970, as is `wall`.
  static func witnessesBefore(_ wall: Int64) -> Int64 {
    let (time, isOver) = wall.subtractingReportingOverflow(Int64(patience / 1_000_000))
    return isOver ? .min : time
  }

  /// Begins with the newest row that is a witness; without any there is nothing to lose.
  mutating func begin(with row: Int64?, monotonic: UInt64) { known = row.map { ($0, monotonic) } }

  /// - Parameters:
  ///   - wall: what the clock says, in milliseconds since 1970.
  ///   - monotonic: nanoseconds of a clock that nobody sets.
  ///   - age: milliseconds after which rows go.
  mutating func believes(_ wall: Int64, monotonic: UInt64, age: Int64) -> Bool {
    if let known, Self.leap(to: wall, at: monotonic, from: known) > max(age, Self.leastLeap) {
      let since = doubtfulSince ?? monotonic
      doubtfulSince = since
      guard monotonic >= since, monotonic - since >= Self.patience else { return false }
    }
    known = (wall, monotonic)
    doubtfulSince = nil
    return true
  }

  /// Milliseconds that the clock is ahead of what it should say.
  private static func leap(
    to wall: Int64, at monotonic: UInt64, from known: (wall: Int64, monotonic: UInt64)
  ) -> Int64 {
    let passed = Int64(clamping: monotonic > known.monotonic ? (monotonic - known.monotonic) / 1_000_000 : 0)
    let (expected, isOver) = known.wall.addingReportingOverflow(passed)
    let (leap, isFar) = wall.subtractingReportingOverflow(isOver ? .max : expected)
    return isFar ? (wall > 0 ? .max : .min) : leap
  }
}
