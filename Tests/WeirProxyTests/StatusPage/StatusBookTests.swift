import Testing

@testable import WeirProxy

@Suite("The status page's book")
struct StatusBookTests {
  private let midnight: Int64 = 1_800_057_600

  @Test("shows the last seconds without the one under way")
  func live() {
    var book = StatusBook()
    for second in midnight + 100..<midnight + 121 { book.record(.made(), second: second) }
    let reading = book.reading(second: midnight + 120)
    #expect(reading.lastTenSeconds.requests == 10)
    #expect(reading.lastMinute.requests == 20)
    #expect(reading.today.requests == 21)
    let rates = reading.live.perSecond { Double($0.requests) }
    #expect(rates.count == 119)
    #expect(rates.suffix(5) == [0, 1, 1, 1, 1])
  }

  @Test("shows a day in quarters of an hour, the last one by the time it has lasted")
  func day() {
    var book = StatusBook()
    for second in stride(from: midnight, to: midnight + 1800, by: 2) { book.record(.made(), second: second) }
    let rates = book.reading(second: midnight + 1800 - 450).day.perSecond { Double($0.requests) }
    #expect(rates.count == 96)
    #expect(rates[94] == 0.5)
    #expect(rates[95] == 1)
    #expect(book.reading(second: midnight + 1800).day.groups.suffix(3).map(\.requests) == [450, 450, 0])
  }

  @Test("begins each day, UTC, anew")
  func today() {
    var book = StatusBook()
    book.record(.made(cost: 5), second: midnight - 1)
    #expect(book.reading(second: midnight - 1).today.cost == 5)
    #expect(book.reading(second: midnight).today.cost == 0)
    #expect(book.reading(second: midnight).models.isEmpty)
    book.record(.made(cost: 2), second: midnight)
    // Another event loop has not seen midnight yet.
    book.record(.made(cost: 1), second: midnight - 1)
    #expect(book.reading(second: midnight).today.cost == 3)
    #expect(book.reading(second: midnight).models.map(\.totals.requests) == [2])
  }

  @Test("survives a clock that was days ahead")
  func clock() {
    var book = StatusBook()
    book.record(.made(), second: midnight + 10 * 86_400)
    book.record(.made(), second: midnight)
    #expect(book.reading(second: midnight).today.requests == 1)
  }

  @Test("shows the day that a clock was set back to")
  func clockSetBack() {
    var book = StatusBook()
    book.record(.made(), second: midnight + 600)
    for second in midnight - 3000..<midnight - 2990 { book.record(.made(), second: second) }
    #expect(book.reading(second: midnight - 2990).today.requests == 10)
  }

  @Test("tells models apart, and counts those beyond its bound together")
  func models() {
    var book = StatusBook()
    for number in 0..<40 { book.record(.made(model: "m\(number)"), second: midnight) }
    book.record(.made(model: "m3"), second: midnight + 7)
    let models = book.reading(second: midnight + 8).models
    #expect(models.count == StatusToday.maximumModels + 1)
    #expect(models.last?.name == StatusToday.otherModels)
    #expect(models.last?.totals.requests == 8)
    #expect(models[3].totals.requests == 2)
    #expect(models[3].lastUsed == midnight + 7)
  }

  @Test("keeps the last errors, the newest first, and nothing of what went well", arguments: [0, 1, 49, 50, 51, 130])
  func errors(count: Int) {
    var book = StatusBook()
    for number in 0..<count {
      book.record(.made(status: 503, error: "overloaded", outcome: .failed, id: "req_\(number)"), second: midnight)
      book.record(.made(), second: midnight)
    }
    let kept = book.reading(second: midnight).errors.map(\.requestID)
    #expect(kept == (0..<count).suffix(RecentErrors.capacity).reversed().map { "req_\($0)" })
  }
}
