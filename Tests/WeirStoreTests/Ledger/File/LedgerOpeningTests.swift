import Glibc
import Testing

@testable import WeirStore

@Suite("Opening a ledger")
struct LedgerOpeningTests {
  private let scratch: Scratch
  private let known = LedgerSchema.current.version

  init() throws { scratch = try Scratch() }

  private func reason(_ path: String? = nil, _ schema: LedgerSchema = .current) -> LedgerError.Reason? {
    do throws(LedgerError) {
      _ = try LedgerFile(path ?? scratch.path, schema: schema)
      return nil
    } catch { return error.reason }
  }

  private func readingReason(_ schema: LedgerSchema = .current) -> LedgerError.Reason? {
    do throws(LedgerError) {
      _ = try LedgerReader(path: scratch.path, schema: schema)
      return nil
    } catch { return error.reason }
  }

  @Test("makes a file that sqlite knows as weir's, in WAL mode")
  func new() throws {
    #expect(reason() == nil)
    #expect(try scratch.number("PRAGMA application_id") == 0x7765_6972)
    #expect(try scratch.number("PRAGMA user_version") == Int64(LedgerSchema.current.version))
    #expect(try scratch.texts("PRAGMA journal_mode") == ["wal"])
    #expect(reason() == nil, "and opens it again")
  }

  @Test("takes an empty file for a new one")
  func empty() throws {
    try scratch.put([])
    #expect(readingReason() == .notALedger)
    #expect(reason() == nil)
    #expect(readingReason() == nil)
  }

  @Test("refuses a directory, a path through nothing and a device")
  func places() throws {
    unsafe mkdir(scratch.path, 0o700)
    #expect(reason() == .notAFile)
    #expect(readingReason() == .notAFile)
    #expect(reason("/dev/null") == .notAFile)
    #expect(reason(scratch.directory + "/no/such/weir.db") == .noPermission)
  }

  @Test("says what a reader lacks")
  func absent() {
    #expect(readingReason() == .notFound)
  }

  @Test("leaves another program's database as it is")
  func foreign() throws {
    try scratch.execute("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')")
    #expect(reason() == .notALedger)
    #expect(readingReason() == .notALedger)
    #expect(try scratch.texts("PRAGMA journal_mode") == ["delete"])
    #expect(try scratch.texts("SELECT text FROM notes") == ["mine"])
  }

  @Test("leaves a file alone that is no database")
  func rubbish() throws {
    let bytes = [UInt8](repeating: 0x78, count: 8_192)
    try scratch.put(bytes)
    #expect(reason() == .notALedger)
    #expect(readingReason() == .notALedger)
  }

  @Test("calls a cut or garbled ledger damaged")
  func corrupt() throws {
    #expect(reason() == nil)
    try scratch.put([UInt8](repeating: 0xFF, count: 3_000), at: 100)
    #expect(reason() == .corrupt)
    #expect(readingReason() == .corrupt)
  }

  @Test("brings an earlier weir's file up to date, with its rows, and a reader says that it is due")
  func older() throws {
    let file = try LedgerFile(scratch.path)
    try file.write([LedgerEntry(row: .sample(1), attempts: [], sequence: 0)])
    file.close()
    let later = LedgerSchema(steps: LedgerSchema.current.steps + ["ALTER TABLE requests ADD COLUMN region TEXT"])
    #expect(readingReason(later) == .olderSchema(found: known, known: known + 1))
    #expect(reason(nil, later) == nil)
    #expect(try scratch.number("SELECT count(*) FROM requests WHERE region IS NULL") == 1)
    #expect(try scratch.number("PRAGMA user_version") == Int64(known + 1))
    #expect(readingReason(later) == nil)
  }

  @Test("takes the first weir's file through every step, and a later row beside its own")
  func first() throws {
    #expect(reason(nil, LedgerSchema(steps: Array(LedgerSchema.current.steps.prefix(1)))) == nil)
    try scratch.execute(
      """
      INSERT INTO requests (time_ms, id, sequence, duration_us, tool_calls_valid, tool_calls_invalid_json,
        tool_calls_schema_mismatch, tool_calls_unknown_tool, client, endpoint, stream, ending, attempts, usage_state,
        cost_source, bytes_in, bytes_out, cost_usd)
      VALUES (1, 'old', 0, 5, 0, 0, 0, 0, 'app', 'chat/completions', 0, 'complete', 1, 'reported', 'upstream', 1, 2, 0.5)
      """)
    let file = try LedgerFile(scratch.path)
    var row = LedgerRow.sample(2)
    row.catalogCostUSD = 0.25
    try file.write([LedgerEntry(row: row, attempts: [], sequence: 0)])
    file.close()
    #expect(try scratch.number("SELECT count(*) FROM requests WHERE id = 'old' AND cost_usd = 0.5") == 1)
    #expect(try scratch.number("SELECT count(*) FROM requests WHERE catalog_cost_usd IS NULL") == 1)
    #expect(try scratch.number("SELECT count(*) FROM requests WHERE catalog_cost_usd = 0.25") == 1)
    #expect(readingReason() == nil)
  }

  @Test("refuses a later weir's file and says so")
  func newer() throws {
    let later = LedgerSchema(steps: LedgerSchema.current.steps + ["ALTER TABLE requests ADD COLUMN region TEXT"])
    #expect(reason(nil, later) == nil)
    #expect(reason() == .newerSchema(found: known + 1, known: known))
    #expect(readingReason() == .newerSchema(found: known + 1, known: known))
    let words = "\(LedgerError(.newerSchema(found: 2, known: 1), path: "weir.db"))"
    #expect(
      words == """
        weir.db: the usage ledger has schema 2, and this weir knows 1; run the later weir, or set WEIR_LEDGER to another path
        """)
  }

  @Test("undoes a step that fails, so that a later try finds the file as it was")
  func failing() throws {
    #expect(reason() == nil)
    let broken = LedgerSchema(
      steps: LedgerSchema.current.steps + ["ALTER TABLE requests ADD COLUMN region TEXT; SELECT nonsense"])
    #expect(reason(nil, broken) == .inputOutput)
    #expect(try scratch.number("PRAGMA user_version") == Int64(known))
    #expect(reason() == nil)
  }
}
