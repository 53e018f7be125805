/// Days and months of UTC. Times are seconds since 1970, taken to lie between the years 1970 and 9999.
enum BudgetCalendar {
  private static let secondsPerDay: Int64 = 86_400
  /// The last second of the year 9999.
  static let latest: Int64 = 253_402_300_799

  /// When the period that `wall` lies in began.
  static func start(of period: BudgetRule.Period, at wall: Int64) -> Int64 {
    let day = min(max(wall, 0), latest) / secondsPerDay
    switch period {
    case .day: return day * secondsPerDay
    case .month:
      let date = civil(day)
      return days(date.year, date.month) * secondsPerDay
    }
  }

  /// When the period that began at `start` ends.
  static func end(of period: BudgetRule.Period, from start: Int64) -> Int64 {
    let day = min(max(start, 0), latest) / secondsPerDay
    switch period {
    case .day: return (day + 1) * secondsPerDay
    case .month:
      let date = civil(day)
      return (date.month < 12 ? days(date.year, date.month + 1) : days(date.year + 1, 1)) * secondsPerDay
    }
  }

  /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days, for days since 1970.
  private static func civil(_ day: Int64) -> (year: Int64, month: Int64) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
  }

  /// The first of a month, as days since 1970; days_from_civil of the same source.
  private static func days(_ year: Int64, _ month: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
