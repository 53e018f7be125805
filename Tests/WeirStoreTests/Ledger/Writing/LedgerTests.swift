import Glibc
import Testing

@testable import WeirStore

@Suite("The ledger")
struct LedgerTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  @Test("keeps every field of a row and its attempts")
  func fields() async throws {
    let ledger = try Ledger.open(path: scratch.path)
    var row = LedgerRow(id: "req-1", timeMilliseconds: 1_795_000_000_123)
    (row.client, row.user, row.endpoint) = ("team", "ada", "messages")
    (row.askedModel, row.model, row.upstream, row.provider) = ("gpt-4", "kimi", "openrouter", "Moonshot AI")
    (row.rollout, row.variant, row.isStream, row.status) = ("kimi", "new", true, 502)
    (row.errorCode, row.ending, row.cache, row.attempts) = ("upstream_timeout", .broken, .miss, 2)
    (row.fallbackFrom, row.usageState, row.costSource) = ("openai/gpt-4", .estimated, .catalog)
    (row.inputTokens, row.outputTokens, row.cachedTokens, row.reasoningTokens) = (11, 12, 13, 14)
    (row.costUSD, row.baselineUSD, row.savedUSD) = (0.25, 0.5, 0.125)
    (row.catalogCostUSD, row.traceID) = (0.75, "4bf9")
    (row.durationMicroseconds, row.firstTokenMicroseconds) = (21, 22)
    (row.ownMicroseconds, row.upstreamMicroseconds) = (23, 24)
    (row.finishReason, row.generationID, row.bytesIn, row.bytesOut) = ("stop", "gen-1", 31, 32)
    row.toolCalls = .init(valid: 41, invalidJSON: 42, schemaMismatch: 43, unknownTool: 44)
    ledger.append(
      row,
      attempts: [
        LedgerAttempt(upstream: "moonshot", model: "k2", status: 503, failure: "overloaded", durationMicroseconds: 51),
        LedgerAttempt(upstream: "openrouter", durationMicroseconds: 52),
      ])
    await ledger.close()

    let kept = try scratch.rows(of: "requests")
    #expect(
      kept == [
        """
        time_ms=1795000000123 id="req-1" sequence=0 status=502 error_code="upstream_timeout" cache="miss" \
        duration_us=21 first_token_us=22 input_tokens=11 output_tokens=12 cached_tokens=13 reasoning_tokens=14 \
        cost_usd=0.25 baseline_usd=0.5 saved_usd=0.125 tool_calls_valid=41 tool_calls_invalid_json=42 \
        tool_calls_schema_mismatch=43 tool_calls_unknown_tool=44 model="kimi" rollout="kimi" variant="new" \
        client="team" user="ada" upstream="openrouter" provider="Moonshot AI" endpoint="messages" \
        asked_model="gpt-4" stream=1 ending="broken" attempts=2 fallback_from="openai/gpt-4" \
        usage_state="estimated" cost_source="catalog" own_us=23 upstream_us=24 finish_reason="stop" \
        generation_id="gen-1" bytes_in=31 bytes_out=32 catalog_cost_usd=0.75 trace_id="4bf9" \
        attempt_us=NULL
        """
      ])
    let attempts = try scratch.texts(
      """
      SELECT format('%s|%s|%s|%s|%s|%s', n, upstream, ifnull(model, '-'), ifnull(status, '-'), ifnull(failure, '-'), duration_us)
      FROM attempts ORDER BY n
      """)
    #expect(attempts == ["1|moonshot|k2|503|overloaded|51", "2|openrouter|-|-|-|52"])
  }

  @Test("takes hostile values: endless names, numbers that are none, names with quotes, zeros and broken characters")
  func hostile() async throws {
    let ledger = try Ledger.open(path: scratch.path)
    var row = LedgerRow.sample(0, id: "")
    row.user = "x" + String(repeating: "ü", count: 100_000)
    row.client = "a'); DROP TABLE requests; --\"\0z"
    row.costUSD = .nan
    row.baselineUSD = -.infinity
    row.savedUSD = -1
    row.inputTokens = .max
    row.durationMicroseconds = .min
    ledger.append(row)
    let stats = await ledger.close()
    #expect(stats.rowsWritten == 1)
    let count = """
      SELECT count(*) FROM requests
      WHERE cost_usd IS NULL AND baseline_usd IS NULL AND saved_usd IS NULL AND input_tokens = 9223372036854775807
      """
    #expect(try scratch.number(count) == 1)
    // 511 bytes: the 512th is the first half of a character.
    #expect(try scratch.texts("SELECT user FROM requests") == ["x" + String(repeating: "ü", count: 255)])
    let reader = try LedgerReader(path: scratch.path)
    let report = try reader.report(LedgerQuery(by: [.client]))
    #expect(report.groups.map(\.values) == [["a'); DROP TABLE requests; --\"\0z"]])
  }

  @Test("tells requests apart that share an id and a millisecond")
  func sameID() async throws {
    let ledger = try Ledger.open(path: scratch.path)
    for _ in 0..<3 { ledger.append(.sample(0, id: "always-the-same")) }
    await ledger.close()
    #expect(try scratch.number("SELECT count(*) FROM requests") == 3)
  }

  @Test("writes by itself, soon after a row came")
  func flush() async throws {
    let ledger = try Ledger.open(path: scratch.path, options: quick())
    ledger.append(.sample(0))
    try await until("one row is written") { ledger.stats.rowsWritten == 1 }
    #expect(try scratch.number("SELECT count(*) FROM requests") == 1)
    #expect(ledger.stats.queueDepth == 0)
    await ledger.close()
  }

  @Test("writes in few transactions after a burst as before it")
  func burst() async throws {
    let milliseconds = 100
    let ledger = try Ledger.open(
      path: scratch.path, options: quick { ($0.flushMilliseconds, $0.maximumBatchRows) = (milliseconds, 20) })
    for number in 0..<600 {
      ledger.append(.sample(number))
      guard number % 20 == 19 else { continue }
      try await until("a full batch is written") { ledger.stats.queueDepth == 0 }
    }
    let (start, before) = (ContinuousClock.now, try scratch.transactions())
    for number in 600..<700 {
      ledger.append(.sample(number))
      try await Task.sleep(for: .milliseconds(6))
    }
    let intervals = Int((ContinuousClock.now - start) / .milliseconds(milliseconds)) + 1
    // A batch is full after twenty rows, or its time is over.
    #expect(try scratch.transactions() - before <= intervals + 100 / 20 + 1)
    await ledger.close()
  }

  @Test("loses nothing on the way to its end, and counts what comes after it")
  func close() async throws {
    let ledger = try Ledger.open(path: scratch.path)
    for number in 0..<2_345 { ledger.append(.sample(number)) }
    #expect(await ledger.close().rowsWritten == 2_345)
    ledger.append(.sample(0))
    #expect(ledger.stats.rowsDropped == 1)
    #expect(await ledger.close().rowsDropped == 1)
    #expect(try scratch.number("SELECT count(*) FROM requests") == 2_345)
  }

  @Test("keeps what was committed when the process is killed, attempts whole, and goes on with the file")
  func killed() async throws {
    let path = "/tmp/weir-store-kill-\(getpid()).db"
    defer { for ending in ["", "-wal", "-shm"] { unsafe unlink(path + ending) } }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      let ledger = try Ledger.open(path: "/tmp/weir-store-kill-\(getppid()).db", options: quick())
      let attempt = LedgerAttempt(upstream: "openrouter", durationMicroseconds: 1)
      for number in 0..<5_000 { ledger.append(.sample(number), attempts: [attempt, attempt]) }
      while ledger.stats.rowsWritten < 1_000 { usleep(100) }
      kill(getpid(), SIGKILL)
    }
    let ledger = try Ledger.open(path: path)
    ledger.append(.sample(9_999), attempts: [LedgerAttempt(upstream: "openrouter", durationMicroseconds: 1)])
    #expect(await ledger.close().rowsWritten == 1)
    let counts = try Scratch.numbers(
      """
      SELECT count(*) FROM requests UNION ALL SELECT count(*) FROM attempts
      UNION ALL SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'
      """, at: path)
    #expect(counts[0] > 1_000)
    #expect(counts[1] == (counts[0] - 1) * 2 + 1)
    #expect(counts[2] == 0)
  }

  @Test("shares its file with a second process's")
  func two() async throws {
    let ledgers = try await withThrowingTaskGroup(of: Ledger.self) { [path = scratch.path] group in
      for _ in 0..<2 { group.addTask { try Ledger.open(path: path, options: quick { $0.busyMilliseconds = 2_000 }) } }
      return try await group.reduce(into: [Ledger]()) { $0.append($1) }
    }
    for number in 0..<2_000 {
      for (place, ledger) in ledgers.enumerated() { ledger.append(.sample(number, id: "\(place)-\(number)")) }
    }
    for ledger in ledgers { await ledger.close() }
    #expect(try scratch.number("SELECT count(*) FROM requests") == 4_000)
    #expect(ledgers.allSatisfy { $0.stats.rowsDropped == 0 })
  }

  @Test("is readable for its owner only, since it has names of users")
  func mode() async throws {
    let ledger = try Ledger.open(path: scratch.path)
    ledger.append(.sample(0))
    var info = stat()
    for ending in ["", "-wal", "-shm"] {
      #expect(unsafe stat(scratch.path + ending, &info) == 0)
      #expect(info.st_mode & 0o777 == 0o600, "\(ending)")
    }
    await ledger.close()
  }
}
