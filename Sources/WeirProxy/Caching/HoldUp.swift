/// How long others wait for more of a reply because of one client, and whether that one has to go. A value, told at each
/// look; times are nanoseconds of a monotonic clock.
struct HoldUp {
  /// How long others may get nothing because of one client. Of one that reads 50 KB a second the kernel may hear only every
  /// few seconds, since the client's tells of much at once.
  static let patience: Int64 = 5_000_000_000
  /// How long others may be held to one client's pace in all: else they would wait for it until the total time-out breaks
  /// the reply for everybody.
  static let longest: Int64 = 30_000_000_000

  /// Of the time between two looks no more counts: looks are that far apart only where this process stood still (stopped,
  /// frozen, without a processor), and nobody waited for the client.
  static let longestStep: Int64 = 1_000_000_000

  private var place: Int?
  private var waited: Int64 = 0
  private var lookedAt: Int64?
  private var total: Int64 = 0

  /// Nobody else is there to wait: who comes later has not waited meanwhile.
  mutating func isAlone() {
    place = nil
    lookedAt = nil
  }

  /// Whether the client has to go.
  ///
  /// - Parameters:
  ///   - isSlowing: others were waiting for this client, whatever it has taken since the last look.
  ///   - place: how far the reply is, where they still do.
  mutating func look(isSlowing: Bool, place: Int?, now: Int64) -> Bool {
    let step = min(now - (lookedAt ?? now), Self.longestStep)
    lookedAt = now
    if isSlowing { total += step }
    guard let place, place == self.place else {
      self.place = place
      waited = 0
      return isSlowing && total >= Self.longest
    }
    waited += step
    return waited >= Self.patience || total >= Self.longest
  }
}
