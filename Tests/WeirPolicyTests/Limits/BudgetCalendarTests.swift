import Testing

@testable import WeirPolicy

@Suite("Days and months of UTC")
struct BudgetCalendarTests {
  private func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  @Test("agree with a calendar that counts one month after the other, until the year 2500")
  func months() {
    var start: Int64 = 0
    for year in 1970..<2500 {
      let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      for days in lengths {
        let end = start + Int64(days) * 86_400
        for time in [start, start + 1, start + 14 * 86_400 + 3600, end - 1] {
          #expect(BudgetCalendar.start(of: .month, at: time) == start)
        }
        #expect(BudgetCalendar.end(of: .month, from: start) == end)
        #expect(BudgetCalendar.start(of: .day, at: end - 1) == end - 86_400)
        #expect(BudgetCalendar.end(of: .day, from: end - 86_400) == end)
        start = end
      }
    }
  }

  @Test("know the leap days of 2000, 2028 and 2100")
  func leapDays() {
    // 2000-02-29, 2028-02-29 and 2100-02-28 at 23:59:59; the next second is March in each.
    for time: Int64 in [951_868_799, 1_835_481_599, 4_107_542_399] {
      #expect(BudgetCalendar.start(of: .month, at: time + 1) == time + 1)
      #expect(BudgetCalendar.start(of: .month, at: time) < time)
    }
  }

  @Test("take any time", arguments: [Int64.min, -1, 0, 253_402_300_799, .max])
  func extremes(time: Int64) {
    for period in [BudgetRule.Period.day, .month] {
      let start = BudgetCalendar.start(of: period, at: time)
      #expect(start >= 0)
      #expect(BudgetCalendar.end(of: period, from: start) > start)
      #expect(BudgetCalendar.start(of: period, at: start) == start)
    }
  }
}
