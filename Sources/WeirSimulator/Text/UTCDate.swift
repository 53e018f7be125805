/// `2026-11-21T07:30:00.000Z` of milliseconds since 1970 (days to date after Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
func timestamp(milliseconds: Int) -> String {
  let seconds = milliseconds / 1000
  let days = seconds / 86_400
  let shifted = days + 719_468
  let era = shifted / 146_097
  let dayOfEra = shifted % 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shiftedMonth = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
  let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  let time = seconds % 86_400
  func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
  return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(time / 3600, 2)):"
    + "\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)).\(padded(milliseconds % 1000, 3))Z"
}
