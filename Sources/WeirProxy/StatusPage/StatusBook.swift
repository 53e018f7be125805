/// What the status page knows of the last day, in memory of a fixed size (about half a megabyte). A plain value:
/// `StatusHistory` shares one between threads.
struct StatusBook: Sendable {
  private var seconds = StatusRing(stepSeconds: 1, count: 600)
  private var minutes = StatusRing(stepSeconds: 60, count: 1440)
  private var today = StatusToday()
  private var errors = RecentErrors()

  /// Takes no memory beyond a model's first request of a day.
  mutating func record(_ request: FinishedRequest, second: Int64) {
    seconds.add(request, second: second)
    minutes.add(request, second: second)
    today.add(request, second: second)
    errors.add(request, second: second)
  }

  /// What is to be shown at this second, which itself is not over and so not in the live figures.
  func reading(second: Int64) -> StatusReading {
    let (totals, models) = today.reading(second: second)
    return StatusReading(
      second: second, lastTenSeconds: seconds.total(second - 10..<second),
      lastMinute: seconds.total(second - 60..<second), lastTenMinutes: seconds.total(second - 599..<second),
      today: totals, live: live(second), day: day(second), models: models, errors: errors.newestFirst)
  }

  /// Ten minutes, without the group that is under way.
  private func live(_ second: Int64) -> StatusReading.Series {
    let step: Int64 = 5
    let end = second.flooredQuotient(step) * step
    return StatusReading.Series(
      stepSeconds: step, end: end, lastStepSeconds: step,
      groups: seconds.series(groupSeconds: step, count: 119, end: end))
  }

  /// A day. The group under way is in it, since it lasts a quarter of an hour.
  private func day(_ second: Int64) -> StatusReading.Series {
    let step: Int64 = 900
    let end = (second.flooredQuotient(step) + 1) * step
    return StatusReading.Series(
      stepSeconds: step, end: end, lastStepSeconds: max(60, second - (end - step)),
      groups: minutes.series(groupSeconds: step, count: 96, end: end))
  }
}
