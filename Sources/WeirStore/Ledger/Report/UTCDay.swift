/// Days of the proleptic Gregorian calendar.
enum UTCDay {
  /// `2026-11-21`. The formula is `civil_from_days` of Howard Hinnant's
  /// http://howardhinnant.github.io/date_algorithms.html; days outside of the years 1 to 9999 become the nearest one.
  static func text(daysSince1970 days: Int64) -> String {
    // Counted from 0000-03-01, so that a leap day ends a year.
    let shifted = min(max(days, -719_162), 2_932_896) + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }

  /// `2026-11-21T09:05:00Z`, of milliseconds since 1970.
  static func text(milliseconds: Int64) -> String {
    let seconds = Self.floor(milliseconds, 1_000)
    let days = Self.floor(seconds, 86_400)
    let rest = seconds - days * 86_400
    let time = [rest / 3_600, rest / 60 % 60, rest % 60].map { padded($0, 2) }.joined(separator: ":")
    return "\(text(daysSince1970: days))T\(time)Z"
  }

  private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    value / divisor - (value % divisor < 0 ? 1 : 0)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
