/// The status page's figures at one moment.
struct StatusReading: Sendable {
  /// Sums of equal spans of time, oldest first.
  struct Series: Sendable {
    let stepSeconds: Int64
    /// When the last group ends, in seconds since 1970.
    let end: Int64
    /// How much of the last group is over.
    let lastStepSeconds: Int64
    let groups: [StatusTotals]

    /// The sums divided by the time that they were collected in.
    func perSecond(_ value: (StatusTotals) -> Double) -> [Double] {
      groups.indices.map { index in
        value(groups[index]) / Double(index == groups.count - 1 ? lastStepSeconds : stepSeconds)
      }
    }
  }

  /// Seconds since 1970.
  let second: Int64
  let lastTenSeconds: StatusTotals
  let lastMinute: StatusTotals
  let lastTenMinutes: StatusTotals
  /// The day of `second`, UTC.
  let today: StatusTotals
  let live: Series
  let day: Series
  /// Those used today, in the order of their first request.
  let models: [StatusToday.Model]
  /// The newest first.
  let errors: [RecentErrors.Entry]
}
