import Testing

@testable import WeirStore

@Suite("The names of the ledger's rows")
struct LedgerNamesTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func entry(_ number: Int, id: String? = nil, reply: String? = nil) -> LedgerEntry {
    var row = LedgerRow.sample(number, id: id)
    row.generationID = reply
    return LedgerEntry(row: row, attempts: [], sequence: Int64(number))
  }

  private func found(_ name: String, in file: LedgerFile) throws -> String? {
    try file.record(LedgerFeedback(id: name, rating: .up, timeMilliseconds: 1))?.requestID
  }

  private var indexes: [String] {
    get throws { try scratch.texts("SELECT name FROM sqlite_schema WHERE name LIKE 'requests_by_%' ORDER BY name") }
  }

  @Test("find every row by its id and by its reply's, in pages that are filled, with no index")
  func pages() throws {
    let file = try LedgerFile(scratch.path)
    var number = 0
    for count in [1, 2, 500, 3, 0, 239, 240, 241, 7] {
      try file.write((number..<(number + count)).map { entry($0, reply: "gen-\($0)") })
      number += count
    }
    #expect(try indexes.isEmpty)
    let sizes = try scratch.numbers("SELECT length(names) / 16 FROM request_names ORDER BY rowid")
    #expect(sizes == [240, 240, 240, 240, 240, 33])
    for each in 0..<number {
      #expect(try found("req-\(each)", in: file) == "req-\(each)")
      #expect(try found("gen-\(each)", in: file) == "req-\(each)")
    }
    for unknown in ["req-\(number)", "", "gen-", "req-0 "] { #expect(try found(unknown, in: file) == nil) }
    #expect(
      try scratch.number("SELECT max(last_ms) FROM request_names") == LedgerRow.sample(number - 1).timeMilliseconds)
  }

  @Test("leave no page of the file unused")
  func size() throws {
    _ = try LedgerFile(scratch.path)
    #expect(try scratch.number("PRAGMA freelist_count") == 0)
  }

  @Test("tell rows apart whose names have the same hash")
  func collisions() throws {
    var seen: [UInt32: String] = [:]
    var pairs: [(String, String)] = []
    for number in 0..<400_000 {
      let name = "name-\(number)"
      if let other = seen.updateValue(name, forKey: LedgerNames.hash(name)) { pairs.append((other, name)) }
    }
    let file = try LedgerFile(scratch.path)
    let (one, two) = try #require(pairs.first)
    try file.write([entry(1, id: one), entry(2, id: two), entry(3, id: "three", reply: one)])
    #expect(try found(two, in: file) == two)
    #expect(try found(one, in: file) == "three", "the row that was written last")
    try file.write([entry(4, id: one)])
    #expect(try found(one, in: file) == one)
  }

  @Test("are extended by the process that began the page, and by no other")
  func processes() throws {
    let one = try LedgerFile(scratch.path)
    let two = try LedgerFile(scratch.path)
    for number in 0..<600 { try (number % 3 == 0 ? one : two).write([entry(number)]) }
    #expect(try scratch.numbers("SELECT length(names) / 16 FROM request_names ORDER BY rowid") == [200, 240, 160])
    for number in 0..<600 { #expect(try found("req-\(number)", in: one) == "req-\(number)") }
  }

  @Test("are written anew where a transaction failed or somebody deleted their page")
  func again() throws {
    let file = try LedgerFile(scratch.path)
    try file.write([entry(0)])
    let pages = try file.connection.use { try $0.integer("PRAGMA page_count") ?? 0 }
    try file.connection.use { try $0.execute("PRAGMA max_page_count = \(pages + 3)") }
    #expect(throws: LedgerError.self) { try file.write((1..<1_000).map { entry($0) }) }
    try file.connection.use { try $0.execute("PRAGMA max_page_count = 1000000") }
    #expect(try found("req-1", in: file) == nil)
    try file.write((1..<1_000).map { entry($0) })
    for number in [0, 1, 999] { #expect(try found("req-\(number)", in: file) == "req-\(number)") }
    try scratch.execute("DELETE FROM request_names")
    try file.write([entry(1_000)])
    #expect(try found("req-1000", in: file) == "req-1000")
  }

  @Test("go with their rows, but for the last page")
  func retention() throws {
    let file = try LedgerFile(scratch.path)
    try file.write((0..<1_000).map { entry($0) })
    var options = LedgerOptions()
    options.maximumAgeDays = 1
    let day: Int64 = 86_400_000
    while try file.trim(options, nowMilliseconds: LedgerRow.sample(500).timeMilliseconds + day) {}
    #expect(try scratch.numbers("SELECT length(names) / 16 FROM request_names") == [240, 240, 40])
    #expect(try found("req-499", in: file) == nil)
    #expect(try found("req-500", in: file) == "req-500")
    while try file.trim(options, nowMilliseconds: LedgerRow.sample(2_000).timeMilliseconds + day) {}
    #expect(try scratch.number("SELECT count(*) FROM requests") == 0)
    #expect(try scratch.number("SELECT count(*) FROM request_names") == 1)
    #expect(try found("req-999", in: file) == nil)
    try LedgerFile(scratch.path).write([entry(2_001)])
    try file.write([entry(2_002)])
    for number in [2_001, 2_002] { #expect(try found("req-\(number)", in: file) == "req-\(number)") }
  }

  @Test("are left to the indexes in a file that an earlier weir began")
  func earlier() throws {
    let before = LedgerSchema(steps: Array(LedgerSchema.current.steps.prefix(5)))
    let old = try LedgerFile(scratch.path, schema: before)
    try scratch.execute(
      """
      INSERT INTO requests (time_ms, id, sequence, duration_us, tool_calls_valid, tool_calls_invalid_json,
        tool_calls_schema_mismatch, tool_calls_unknown_tool, client, endpoint, stream, ending, attempts, usage_state,
        cost_source, bytes_in, bytes_out, generation_id)
      VALUES (1, 'old', 0, 5, 0, 0, 0, 0, 'app', 'chat/completions', 0, 'complete', 1, 'reported', 'upstream', 1, 2, 'g')
      """)
    old.close()
    let file = try LedgerFile(scratch.path)
    #expect(try indexes == ["requests_by_generation", "requests_by_id"])
    try file.write([entry(1, reply: "gen-1")])
    for name in ["old", "g"] { #expect(try found(name, in: file) == "old") }
    for name in ["req-1", "gen-1"] { #expect(try found(name, in: file) == "req-1") }
    #expect(try scratch.number("SELECT count(*) FROM request_names") == 0)
  }
}
