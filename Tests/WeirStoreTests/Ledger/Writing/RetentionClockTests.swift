import Testing

@testable import WeirStore

@Suite("The clock that the age of rows goes by")
struct RetentionClockTests {
  private static let day: Int64 = 86_400_000
  private let noon: Int64 = 1_795_000_000_000

  /// Outside of `#expect`, which takes no call that changes something.
  private func asks(_ clock: inout RetentionClock, _ wall: Int64, _ monotonic: UInt64, days: Int64 = 40) -> Bool {
    clock.believes(wall, monotonic: monotonic, age: days * Self.day)
  }

  @Test("is believed where it goes on from the newest row, or the file has none")
  func usual() {
    var clock = RetentionClock()
    #expect(clock.isNew)
    clock.begin(with: noon, monotonic: 5)
    #expect(asks(&clock, noon + 29 * Self.day, 5, days: 1), "a month's rest is no leap")
    #expect(asks(&clock, noon, 6, days: 30), "set back")
    #expect(asks(&clock, noon + 30 * Self.day, 7, days: 30))
    var empty = RetentionClock()
    empty.begin(with: nil, monotonic: 0)
    #expect(asks(&empty, noon, 1))
    #expect(!empty.isNew)
  }

  @Test("is doubted for an hour after a leap, unless it is set right")
  func leap() {
    var clock = RetentionClock()
    clock.begin(with: noon, monotonic: 0)
    #expect(asks(&clock, noon, 0))
    #expect(!asks(&clock, noon + 50 * Self.day, 1))
    #expect(asks(&clock, noon + 60_000, 60_000_000_000), "set right")
    #expect(!asks(&clock, noon + 60 * Self.day, 60_000_000_001))
    #expect(!asks(&clock, noon + 60 * Self.day, RetentionClock.patience))
    #expect(asks(&clock, noon + 60 * Self.day, RetentionClock.patience * 2))
    // Days in which nobody looked are no leap.
    let weeks = RetentionClock.patience * 24 * 21
    #expect(asks(&clock, noon + 110 * Self.day, RetentionClock.patience * 2 + weeks))
  }

  @Test("is doubted at the ends of what a file may hold too", arguments: [Int64.min, -1, 0, .max])
  func ends(row: Int64) {
    var clock = RetentionClock()
    clock.begin(with: row, monotonic: .max)
    #expect(asks(&clock, .min, 0))
    clock.begin(with: row, monotonic: 0)
    #expect(asks(&clock, .max, .max) == (row == .max))
  }
}
