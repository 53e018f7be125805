import Testing

@testable import WeirProxy

@Suite("A date")
struct CivilDateTests {
  /// From `date -u -d @N +%FT%TZ` of GNU coreutils.
  static let known: [(seconds: Int, date: String)] = [
    (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:01.000Z"), (86_399, "1970-01-01T23:59:59.000Z"),
    (86_400, "1970-01-02T00:00:00.000Z"), (5_097_600, "1970-03-01T00:00:00.000Z"),
    (68_169_599, "1972-02-28T23:59:59.000Z"), (68_169_600, "1972-02-29T00:00:00.000Z"),
    (68_256_000, "1972-03-01T00:00:00.000Z"), (951_782_399, "2000-02-28T23:59:59.000Z"),
    (951_782_400, "2000-02-29T00:00:00.000Z"), (951_868_800, "2000-03-01T00:00:00.000Z"),
    (978_307_199, "2000-12-31T23:59:59.000Z"), (978_307_200, "2001-01-01T00:00:00.000Z"),
    (1_234_567_890, "2009-02-13T23:31:30.000Z"), (1_583_020_799, "2020-02-29T23:59:59.000Z"),
    (1_735_689_599, "2024-12-31T23:59:59.000Z"), (1_735_689_600, "2025-01-01T00:00:00.000Z"),
    (2_147_483_647, "2038-01-19T03:14:07.000Z"), (2_147_483_648, "2038-01-19T03:14:08.000Z"),
    (4_107_542_400, "2100-03-01T00:00:00.000Z"), (4_107_542_399, "2100-02-28T23:59:59.000Z"),
    (13_574_563_200, "2400-02-29T00:00:00.000Z"),
  ]

  @Test("of a known moment is the one that every calendar has", arguments: known)
  func moments(seconds: Int, date: String) {
    #expect(WallClock.timestamp(Double(seconds)) == date)
  }

  @Test("follows another without a gap, each month as long as it is, for 400 years and before the epoch")
  func sequence() {
    var day = -146_097
    let first = CivilDate(secondsSinceEpoch: day * 86_400)
    var (year, month, date) = (first.year, first.month, first.day)
    #expect((year, month, date) == (1570, 1, 1))
    while day < 146_097 {
      let found = CivilDate(secondsSinceEpoch: day * 86_400 + 43_200)
      guard (found.year, found.month, found.day, found.secondOfDay) == (year, month, date, 43_200) else {
        Issue.record("day \(day) is \(found), not \(year)-\(month)-\(date)")
        return
      }
      day += 1
      date += 1
      if date > days(in: month, of: year) { (month, date) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
    #expect((year, month, date) == (2370, 1, 1))
  }

  private func days(in month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  @Test("has milliseconds, and stays within the calendar for times that are none")
  func edges() {
    #expect(WallClock.timestamp(1.5) == "1970-01-01T00:00:01.500Z")
    #expect(WallClock.timestamp(0.001) == "1970-01-01T00:00:00.001Z")
    #expect(WallClock.timestamp(-5) == "1970-01-01T00:00:00.000Z")
    #expect(WallClock.timestamp(.infinity).hasSuffix("Z"))
  }
}
