/// One count of a rate limit: the generic cell rate algorithm, exact to the nanosecond and for any weight.
///
/// The algorithm keeps one number, the theoretical arrival time `TAT`. With `R` cells a minute, a burst of `B` and
/// `T = 60 s / R`, a request of `n` cells at `t` conforms when `max(TAT, t) + n·T - t <= B·T`, and then
/// `TAT := max(TAT, t) + n·T`. `T` is rarely a whole number of nanoseconds, so the number kept is `TAT · R`: one cell is
/// then exactly 60,000,000,000 and a nanosecond exactly `R`, and nothing is ever rounded.
/// What follows: the cells taken in any window of any start, less those given back in it, are at most
/// `B + R · length`. Source: ITU-T I.371 (03/2004), annex A, "virtual scheduling algorithm", there for cells of ATM.
///
/// A value with 128-bit arithmetic that no input overflows: rate and burst are clamped to 1 … 10^12, times below zero
/// count as zero. Times are nanoseconds of a monotonic clock; one that is a little earlier than the last, from
/// another event loop, sees a fuller count and never a freer one.
struct GCRA: Sendable, Equatable {
  /// Whether some cells can be taken.
  enum Verdict: Equatable {
    /// Now.
    case fits
    /// After so many nanoseconds, at least 1.
    case waits(Int64)
    /// Not at any time: they are more than the burst.
    case never
  }

  /// Cells that drain in a minute.
  let perMinute: Int
  /// Cells that may come at once after a pause.
  let burst: Int
  /// Nanoseconds of the theoretical arrival time, times `perMinute`.
  private var scaledArrival: Int128 = 0

  private static let cell: Int128 = 60_000_000_000
  /// The highest rate and burst.
  static let largest = 1_000_000_000_000

  /// A count that nothing was taken of.
  init(perMinute: Int, burst: Int) {
    self.perMinute = min(max(perMinute, 1), GCRA.largest)
    self.burst = min(max(burst, 1), GCRA.largest)
  }

  /// Whether `count` cells can be taken.
  func check(_ count: Int, now: Int64) -> Verdict {
    let missing = backlog(now) + GCRA.cells(count) - capacity
    if missing <= 0 { return .fits }
    if count > burst { return .never }
    return .waits(nanoseconds(missing))
  }

  /// Takes `count` cells, or none.
  mutating func take(_ count: Int, now: Int64) -> Verdict {
    let verdict = check(count, now: now)
    if verdict == .fits { scaledArrival = max(scaledArrival, scaled(now)) + GCRA.cells(count) }
    return verdict
  }

  /// Takes what was used without having been asked for, so that the next ones wait longer.
  ///
  /// The debt stays below a burst or an hour's rate, whichever is more: a wrong count from outside must not shut a
  /// key out for days.
  mutating func charge(_ count: Int, now: Int64) {
    let debt = max(GCRA.cells(burst), GCRA.cells(perMinute) * 60)
    let bound = max(scaledArrival, scaled(now) + capacity + debt)
    scaledArrival = min(max(scaledArrival, scaled(now)) + GCRA.cells(count), bound)
  }

  /// Gives back what was taken and not used. What has drained meanwhile is not there to be given back: a full count
  /// stays full.
  mutating func giveBack(_ count: Int) { scaledArrival = max(scaledArrival - GCRA.cells(count), 0) }

  /// Cells that can be taken at once.
  func remaining(now: Int64) -> Int {
    let left = (capacity - backlog(now)) / GCRA.cell
    return Int(clamping: max(left, 0))
  }

  /// Nanoseconds until the whole burst is there again.
  func timeUntilFull(now: Int64) -> Int64 { nanoseconds(backlog(now)) }

  /// Whether the count equals one that nothing was taken of.
  func isFull(now: Int64) -> Bool { scaledArrival <= scaled(now) }

  /// Whether not even one cell can be taken.
  func isOver(now: Int64) -> Bool { check(1, now: now) != .fits }

  /// The same backlog, in cells, under another rate; one that is over the new burst is cut to it.
  func changing(perMinute: Int, burst: Int, now: Int64) -> GCRA {
    var changed = GCRA(perMinute: perMinute, burst: burst)
    changed.scaledArrival = changed.scaled(now) + min(backlog(now), changed.capacity)
    return changed
  }

  private var capacity: Int128 { GCRA.cells(burst) }

  /// What has not drained, in sixty-thousand-millionths of a cell.
  private func backlog(_ now: Int64) -> Int128 { max(scaledArrival - scaled(now), 0) }

  private func scaled(_ now: Int64) -> Int128 { Int128(max(now, 0)) * Int128(perMinute) }

  /// How long a backlog takes to drain, rounded up so that nobody comes too early.
  private func nanoseconds(_ backlog: Int128) -> Int64 {
    Int64(clamping: (backlog + Int128(perMinute) - 1) / Int128(perMinute))
  }

  private static func cells(_ count: Int) -> Int128 { Int128(max(count, 0)) * cell }
}
