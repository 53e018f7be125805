/// Reads the dates of HTTP fields (RFC 9110, section 5.6.7) in their three forms; which separators stand between the
/// parts does not matter, nor does the name of the weekday.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Seconds since 1970; nil for what is no such date.
  ///
  /// - Parameter wall: the present, in seconds since 1970: a year of two digits is at most 50 years ahead of it.
  static func parse(_ text: String, wall: Int64) -> Int64? {
    let parts = text.split { $0 == " " || $0 == "," || $0 == "-" }
    guard let weekday = parts.first, weekday.utf8.allSatisfy({ $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }) else {
      return nil
    }
    if parts.count == 6, parts[5] == "GMT" {
      return seconds(day: parts[1], month: parts[2], year: parts[3], time: parts[4], wall: wall)
    }
    if parts.count == 5, parts[4].utf8.count == 4 {
      return seconds(day: parts[2], month: parts[1], year: parts[4], time: parts[3], wall: wall)
    }
    return nil
  }

  private static func seconds(
    day: Substring, month: Substring, year: Substring, time: Substring, wall: Int64
  ) -> Int64? {
    guard let day = number(day, digits: 1...2), let monthIndex = months.firstIndex(where: { $0 == month }),
      let year = fullYear(year, wall: wall)
    else { return nil }
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2...2) }
    guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else { return nil }
    let month = Int64(monthIndex + 1)
    guard day >= 1, day <= length(month: month, year: year), hour < 24, minute < 60, second <= 60 else { return nil }
    return days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
  }

  private static func fullYear(_ text: Substring, wall: Int64) -> Int64? {
    guard text.utf8.count == 2 else { return number(text, digits: 4...4) }
    guard let short = number(text, digits: 2...2) else { return nil }
    // A mean Gregorian year has 31,556,952 seconds; the bounds are the years 1970 and 9999.
    let present = 1970 + min(max(wall, 0), 253_402_300_799) / 31_556_952
    let year = present / 100 * 100 + short
    return year > present + 50 ? year - 100 : year
  }

  private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int64? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return Int64(text)
  }

  private static func length(month: Int64, year: Int64) -> Int64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }

  /// Days since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`); for years from 0.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
