import Testing

@testable import WeirStore

@Suite("The ledger's file")
struct LedgerFileTests {
  private let scratch: Scratch
  private let file: LedgerFile

  init() throws {
    scratch = try Scratch()
    file = try LedgerFile(scratch.path)
  }

  private func entries(_ range: Range<Int>) -> [LedgerEntry] {
    range.map { number in
      LedgerEntry(
        row: .sample(number), attempts: [LedgerAttempt(upstream: "openrouter", durationMicroseconds: 1)],
        sequence: Int64(number))
    }
  }

  @Test("takes a batch once, however often it is written")
  func again() throws {
    try file.write(entries(0..<10))
    try file.write(entries(0..<10))
    #expect(try scratch.number("SELECT count(*) FROM requests") == 10)
    #expect(try scratch.number("SELECT count(*) FROM attempts") == 10)
  }

  @Test("writes a batch whole or not at all")
  func whole() throws {
    let pages = try file.connection.use { try $0.integer("PRAGMA page_count") ?? 0 }
    try file.connection.use { try $0.execute("PRAGMA max_page_count = \(pages + 3)") }
    #expect(throws: LedgerError.self) { try file.write(entries(0..<1_000)) }
    #expect(try scratch.number("SELECT count(*) FROM requests") == 0)
    try file.write(entries(0..<5))
    #expect(try scratch.number("SELECT count(*) FROM requests") == 5)
  }

  @Test("lets rows of an age go, with all that belongs to them, in steps")
  func age() throws {
    try file.write(entries(0..<5_000))
    _ = try file.record(LedgerFeedback(id: "req-0", rating: .up, timeMilliseconds: 1))
    _ = try file.record(LedgerFeedback(id: "req-4999", rating: .up, timeMilliseconds: 1))
    var options = LedgerOptions()
    options.maximumAgeDays = 1
    // A day after the row 4,500.
    let now = LedgerRow.sample(4_500).timeMilliseconds + 86_400_000
    #expect(try file.trim(options, nowMilliseconds: now))
    #expect(try scratch.number("SELECT min(time_ms) FROM requests") == LedgerRow.sample(2_000).timeMilliseconds)
    while try file.trim(options, nowMilliseconds: now) {}
    for table in ["requests", "attempts"] {
      #expect(try scratch.number("SELECT count(*) FROM \(table)") == 500)
      #expect(try scratch.number("SELECT min(time_ms) FROM \(table)") == LedgerRow.sample(4_500).timeMilliseconds)
    }
    #expect(try scratch.texts("SELECT id FROM feedback") == ["req-4999"])
    #expect(try !file.trim(options, nowMilliseconds: now))
  }

  @Test("keeps to a size by letting the oldest rows go, and gives the room back to the file system")
  func size() throws {
    try file.write(entries(0..<20_000))
    let before = try file.connection.use { try LedgerFile.usedBytes($0) }
    var options = LedgerOptions()
    options.maximumBytes = before / 2
    while try file.trim(options, nowMilliseconds: 0) {}
    let kept = try #require(try scratch.number("SELECT count(*) FROM requests"))
    #expect((6_000...12_000).contains(kept))
    #expect(try scratch.number("SELECT max(time_ms) FROM requests") == LedgerRow.sample(19_999).timeMilliseconds)
    let pages = try #require(try scratch.number("PRAGMA page_count"))
    #expect(pages * 4_096 <= before / 2 + 4_096)
  }

  @Test("keeps everything without bounds, and with absurd ones")
  func unbounded() throws {
    try file.write(entries(0..<10))
    #expect(try !file.trim(LedgerOptions(), nowMilliseconds: .max))
    var options = LedgerOptions()
    options.maximumAgeDays = .max
    #expect(try !file.trim(options, nowMilliseconds: .max))
    options.maximumAgeDays = 100_000
    #expect(try !file.trim(options, nowMilliseconds: .min))
    #expect(try scratch.number("SELECT count(*) FROM requests") == 10)
  }
}
