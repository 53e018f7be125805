import CWeirSQLite
import Testing

@testable import WeirStore

@Suite("A batch of rows")
struct LedgerBatchTests {
  private let scratch: Scratch
  private let file: LedgerFile

  init() throws {
    scratch = try Scratch()
    file = try LedgerFile(scratch.path)
  }

  /// One attempt that succeeded, of which the row tells everything but its duration.
  private var plain: (row: LedgerRow, attempt: LedgerAttempt) {
    var row = LedgerRow.sample(0)
    (row.upstream, row.attempts) = ("openrouter", 1)
    return (row, LedgerAttempt(upstream: "openrouter", model: row.model, status: 200, durationMicroseconds: 51))
  }

  private func attempts() throws -> [String] {
    try scratch.texts(
      """
      SELECT format('%s|%s|%s|%s|%s|%s|%s', sequence, n, upstream, ifnull(model, '-'), ifnull(status, '-'),
        ifnull(failure, '-'), duration_us)
      FROM attempts ORDER BY sequence, n
      """)
  }

  @Test("has the only attempt that succeeded in its row, and users find it where attempts are")
  func told() throws {
    try file.write([LedgerEntry(row: plain.row, attempts: [plain.attempt], sequence: 0)])
    #expect(try scratch.number("SELECT count(*) FROM attempt_rows") == 0)
    #expect(try scratch.number("SELECT attempt_us FROM requests") == 51)
    #expect(try attempts() == ["0|1|openrouter|moonshotai/kimi-k2|200|-|51"])
  }

  @Test("keeps an attempt of which the row tells less, whatever it is that differs")
  func untold() throws {
    var other = [plain.attempt, plain.attempt, plain.attempt, plain.attempt]
    other[0].model = "kimi-k2-0905"
    other[1].status = 503
    other[2].upstream = "moonshot"
    other[3].failure = "overloaded"
    try file.write(
      other.enumerated().map { LedgerEntry(row: plain.row, attempts: [$1], sequence: Int64($0)) }
        + [LedgerEntry(row: plain.row, attempts: [plain.attempt, plain.attempt], sequence: 4)])
    #expect(
      try attempts() == [
        "0|1|openrouter|kimi-k2-0905|200|-|51", "1|1|openrouter|moonshotai/kimi-k2|503|-|51",
        "2|1|moonshot|moonshotai/kimi-k2|200|-|51", "3|1|openrouter|moonshotai/kimi-k2|200|overloaded|51",
        "4|1|openrouter|moonshotai/kimi-k2|200|-|51", "4|2|openrouter|moonshotai/kimi-k2|200|-|51",
      ])
    #expect(try scratch.number("SELECT count(*) FROM requests WHERE attempt_us IS NOT NULL") == 0)
  }

  @Test("makes up no attempt for a request whose client left before it was over")
  func none() throws {
    try file.write([LedgerEntry(row: plain.row, attempts: [], sequence: 0)])
    #expect(try attempts().isEmpty)
  }

  @Test("tells of attempts that an earlier weir wrote as before")
  func earlier() throws {
    let old = LedgerSchema(steps: Array(LedgerSchema.current.steps.prefix(4)))
    let scratch = try Scratch()
    try LedgerFile(scratch.path, schema: old).close()
    try scratch.execute(
      "INSERT INTO attempts (time_ms, id, sequence, n, upstream, duration_us) VALUES (1, 'old', 0, 1, 'openrouter', 7)")
    try LedgerFile(scratch.path).close()
    #expect(try scratch.texts("SELECT id || duration_us FROM attempts") == ["old7"])
  }

  @Test("has its columns in the order of the table, in an upgraded file too")
  func order() throws {
    let old = LedgerSchema(steps: Array(LedgerSchema.current.steps.prefix(1)))
    let scratch = try Scratch()
    try LedgerFile(scratch.path, schema: old).close()
    try LedgerFile(scratch.path).close()
    #expect(try scratch.texts("SELECT name FROM pragma_table_info('requests')") == LedgerRow.columns)
    #expect(LedgerRow.columns.count == Int(WEIR_LEDGER_PACKED_COLUMNS) + 1)
  }

  @Test("grows with rows of any size, and serves again once it is cleared")
  func reuse() throws {
    var batch = LedgerBatch()
    var long = LedgerRow.sample(0)
    long.user = String(repeating: "ü", count: 10_000)
    long.askedModel = String(repeating: "x", count: 512)
    for round in 0..<3 {
      for number in 0..<200 {
        batch.append(number % 2 == 0 ? long : .sample(number), sequence: Int64(round * 200 + number))
      }
      #expect(batch.count == 200)
      try file.write(batch, 0..<100)
      try file.write(batch, 100..<200)
      batch.clear()
      #expect(batch.count == 0)
    }
    #expect(try scratch.number("SELECT count(*) FROM requests") == 600)
    #expect(try scratch.number("SELECT count(DISTINCT sequence) FROM requests") == 600)
    let cut = "SELECT count(*) FROM requests WHERE length(user) = 256 AND length(asked_model) = 512"
    #expect(try scratch.number(cut) == 300)
  }
}
