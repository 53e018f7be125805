import Glibc
import Synchronization
import Testing

@testable import WeirStore

@Suite("A ledger in trouble")
struct LedgerTroubleTests {
  private let scratch: Scratch
  private let observed = Observed()

  init() throws { scratch = try Scratch() }

  private var reasons: [String] { observed.conditions.map(Self.text) }

  private static func text(_ condition: LedgerCondition) -> String {
    switch condition {
    case .healthy: "healthy"
    case .waiting(let error): "waiting: \(error.reason)"
    case .losing(let error): "losing: \(error.reason)"
    case .keeping(let error): "keeping: \(error.reason)"
    }
  }

  private static let day: Int64 = 86_400_000

  @Test("says that old rows cannot go, once, though new ones are written, and that they do again")
  func damagedOldRows() throws {
    var options = quick()
    options.maximumAgeDays = 1
    let backlog = Mutex(LedgerBacklog(options))
    var writer = LedgerWriter(try LedgerFile(scratch.path), options)
    for number in 0..<2_000 { _ = backlog.withLock { $0.add(large(number), []) } }
    var written = writer.write(from: backlog, now: 1)
    #expect(written.news.isEmpty)
    writer.close()

    // The first leaf of the table: what retention reads, and new rows do not.
    let leaves = "SELECT pageno FROM dbstat WHERE name = 'requests' AND pagetype = 'leaf' ORDER BY path"
    let first = try #require(try scratch.number(leaves))
    let size = try #require(try scratch.number("PRAGMA page_size"))
    let place = Int((first - 1) * size)
    let sound = try scratch.bytes(at: place, count: Int(size))
    try scratch.put([UInt8](repeating: 0xAA, count: Int(size)), at: place)

    let now = LedgerRow.sample(0).timeMilliseconds + Self.day + 500_000
    writer = LedgerWriter(try LedgerFile(scratch.path), options)
    var news = writer.trim(backlog, wall: now, now: 2).news
    #expect(news.map(Self.text) == "keeping: corrupt")
    // It comes again by itself, once however often rows call it meanwhile.
    var next = writer.trim(backlog, wall: now, now: 3, isRepeated: true)
    #expect(next.news == nil)
    #expect(next.again == .later)
    next = writer.trim(backlog, wall: now, now: 3)
    #expect(next.again == nil)
    _ = backlog.withLock { $0.add(.sample(5_000), []) }
    written = writer.write(from: backlog, now: 4)
    #expect(written.news.isEmpty, "a row that is written says nothing of those")
    #expect(backlog.withLock { $0.stats.condition.isDegraded })
    writer.close()

    try scratch.put(sound, at: place)
    writer = LedgerWriter(try LedgerFile(scratch.path), options)
    news = writer.trim(backlog, wall: now, now: 5).news
    #expect(news == .healthy)
    #expect(try scratch.number("SELECT min(time_ms) FROM requests") == now - Self.day)
  }

  @Test("does not empty itself by a clock that is far ahead, and says so; a clock that stands by it is believed")
  func clockAhead() throws {
    var options = quick()
    options.maximumAgeDays = 30
    let backlog = Mutex(LedgerBacklog(options))
    var writer = LedgerWriter(try LedgerFile(scratch.path), options)
    _ = backlog.withLock { $0.add(.sample(0), []) }
    _ = writer.write(from: backlog, now: 1)
    writer.close()
    writer = LedgerWriter(try LedgerFile(scratch.path), options)
    let wrong = LedgerRow.sample(0).timeMilliseconds + 400 * Self.day
    var news = writer.trim(backlog, wall: wrong, now: 2).news
    #expect(news.map(Self.text) == "keeping: clockAhead")
    // A row by the wrong clock is no witness for it.
    var late = LedgerRow.sample(1)
    late.timeMilliseconds = wrong
    _ = backlog.withLock { $0.add(late, []) }
    _ = writer.write(from: backlog, now: 3)
    news = writer.trim(backlog, wall: wrong, now: RetentionClock.patience).news
    #expect(news == nil)
    #expect(try scratch.number("SELECT count(*) FROM requests") == 2)
    // Nor after a restart.
    writer.close()
    writer = LedgerWriter(try LedgerFile(scratch.path), options)
    _ = writer.trim(backlog, wall: wrong + 1000, now: 4)
    #expect(try scratch.number("SELECT count(*) FROM requests") == 2)
    news = writer.trim(backlog, wall: wrong, now: RetentionClock.patience + 4).news
    #expect(news == .healthy)
    #expect(try scratch.number("SELECT count(*) FROM requests") == 1)
  }

  /// A row for which no page has room, so that not even one that the writer takes alone fits into a full file.
  private func large(_ number: Int) -> LedgerRow {
    var row = LedgerRow.sample(number)
    let text = String(repeating: "x", count: LedgerRow.maximumTextBytes)
    (row.user, row.askedModel, row.model, row.upstream, row.provider) = (text, text, text, text, text)
    (row.rollout, row.variant, row.finishReason, row.generationID) = (text, text, text, text)
    return row
  }

  @Test("keeps rows while the disk is full, drops what is too much, tells each change once, and heals")
  func diskFull() async throws {
    let file = try LedgerFile(scratch.path)
    // SQLite's own bound stands for the disk's: both give SQLITE_FULL.
    try file.connection.use { database in
      let pages = try database.integer("PRAGMA page_count") ?? 0
      try database.execute("PRAGMA max_page_count = \(pages)")
    }
    let ledger = Ledger(file, quick { $0.maximumQueuedRows = 100 }, observed.observer)
    for number in 0..<50 { ledger.append(large(number)) }
    try await until("it waits") { reasons == ["waiting: diskFull"] }
    #expect(ledger.stats.queueDepth == 50)
    #expect(ledger.stats.condition.isDegraded)

    for number in 50..<150 { ledger.append(large(number)) }
    try await until("it drops") { reasons == ["waiting: diskFull", "losing: diskFull"] }
    #expect(ledger.stats.rowsDropped == 50)
    let failures = ledger.stats.writeFailures
    try await until("it tries on") { ledger.stats.writeFailures > failures + 1 }
    #expect(reasons.count == 2)

    try file.connection.use { try $0.execute("PRAGMA max_page_count = 1000000") }
    try await until("all is written") { ledger.stats.rowsWritten == 100 }
    try await until("it says so") { reasons.last == "healthy" }
    #expect(reasons.count == 3)
    #expect(ledger.stats.queueDepth == 0)
    await ledger.close()
    #expect(try scratch.number("SELECT count(*) FROM requests") == 100)
  }

  @Test("writes what came while it was called in one transaction with the rest")
  func transaction() throws {
    let file = try LedgerFile(scratch.path)
    try file.connection.use { database in
      // Room for the first rows, and not for those that follow.
      let pages = try database.integer("PRAGMA page_count") ?? 0
      try database.execute("PRAGMA max_page_count = \(pages + 60)")
    }
    let backlog = Mutex(LedgerBacklog(LedgerOptions()))
    for number in 0..<600 {
      let row = number < 500 ? LedgerRow.sample(number) : large(number)
      _ = backlog.withLock { $0.add(row, []) }
    }
    var writer = LedgerWriter(file, LedgerOptions())
    #expect(writer.write(from: backlog, now: .max).news.last?.isDegraded == true)
    #expect(try scratch.number("SELECT count(*) FROM requests") == 0)
    try file.connection.use { try $0.execute("PRAGMA max_page_count = 1000000") }
    #expect(writer.write(from: backlog, now: .max).news == [.healthy])
    #expect(try scratch.number("SELECT count(*) FROM requests") == 600)
  }

  @Test("waits for a lock, and writes once it is gone")
  func locked() async throws {
    let ledger = try Ledger.open(path: scratch.path, options: quick(), onChange: observed.observer)
    let other = try scratch.locker()
    try other.use { try $0.execute("BEGIN IMMEDIATE") }
    ledger.append(.sample(0))
    try await until("it waits") { reasons == ["waiting: locked"] }
    try other.use { try $0.execute("COMMIT") }
    try await until("it is written") { reasons == ["waiting: locked", "healthy"] }
    #expect(ledger.stats.rowsWritten == 1)
    await ledger.close()
  }

  @Test("begins a new file when the old one is deleted, and says so")
  func deleted() async throws {
    let ledger = try Ledger.open(path: scratch.path, options: quick(), onChange: observed.observer)
    ledger.append(.sample(0))
    try await until("one row is written") { ledger.stats.rowsWritten == 1 }
    scratch.removeFiles()
    ledger.append(.sample(1))
    try await until("the second row is written") { ledger.stats.rowsWritten == 2 }
    await ledger.close()
    #expect(reasons == ["waiting: fileGone", "healthy"])
    #expect(try scratch.texts("SELECT id FROM requests") == ["req-1"])
  }

  @Test(
    "waits half a minute for what keeps rows from following a moved file, however long it could not write before",
    arguments: [Move.ends, .lasts, .isCutShort])
  func moved(_ move: Move) throws {
    let moved = scratch.path + ".moved"
    defer { for ending in ["", "-wal", "-shm"] { unsafe unlink(moved + ending) } }
    let backlog = Mutex(LedgerBacklog(quick()))
    var writer = LedgerWriter(try LedgerFile(scratch.path, busyMilliseconds: 0), quick())
    func write(_ number: Int?, at seconds: UInt64) -> LedgerCondition? {
      if let number { _ = backlog.withLock { $0.add(.sample(number), []) } }
      return writer.write(from: backlog, now: seconds * 1_000_000_000).news.last
    }
    #expect(write(0, at: 1) == nil)
    let (reader, locker) = (try scratch.locker(), try scratch.locker())
    try reader.use { try $0.execute("BEGIN; SELECT count(*) FROM requests") }
    #expect(write(1, at: 2) == nil)
    try locker.use { try $0.execute("BEGIN IMMEDIATE") }
    #expect(write(2, at: 10).map(Self.text) == "waiting: locked")
    for number in 2..<20 { #expect(write(nil, at: UInt64(number) * 10) == nil) }
    try locker.use { try $0.execute("ROLLBACK") }
    locker.close()

    unsafe rename(scratch.path, moved)
    for seconds in [200, 210, 220] as [UInt64] {
      _ = write(nil, at: seconds)
      #expect(backlog.withLock { $0.stats.queueDepth } == 1, "it waits")
    }
    if move == .ends { try reader.use { try $0.execute("COMMIT") } }
    let ends: UInt64 = [.ends: 229_000_000_000, .lasts: 231_000_000_000][move] ?? .max
    let outcome = writer.write(from: backlog, now: ends)
    #expect(outcome.news.last == .healthy)
    writer.close()
    reader.close()
    // What could not follow is told of, and makes the file whole.
    let log = outcome.news.first?.error?.detail.split(separator: " ").first { $0.contains("-wal.") }?.dropLast()
    #expect((log == nil) == (move == .ends))
    if let log { #expect(unsafe rename(String(log), moved + "-wal") == 0) }
    #expect(try Scratch.numbers("SELECT count(*) FROM requests", at: moved) == [2])
    #expect(try scratch.texts("SELECT id FROM requests") == ["req-2"])
  }

  /// What becomes of the wait for a reader.
  enum Move: Sendable { case ends, lasts, isCutShort }

  @Test("waits when something else takes the file's place, leaves it alone, and heals when it goes")
  func replaced() async throws {
    let ledger = try Ledger.open(path: scratch.path, options: quick(), onChange: observed.observer)
    scratch.removeFiles()
    try scratch.execute("CREATE TABLE notes (text)")
    ledger.append(.sample(0))
    try await until("it waits") { reasons == ["waiting: fileGone", "waiting: notALedger"] }
    #expect(try scratch.texts("SELECT name FROM sqlite_schema") == ["notes"])
    scratch.removeFiles()
    try await until("the row is written") { reasons.last == "healthy" }
    #expect(ledger.stats.rowsWritten == 1)
    await ledger.close()
  }

  @Test("survives a file that is damaged under its hands")
  func damaged() async throws {
    let ledger = try Ledger.open(path: scratch.path, options: quick(), onChange: observed.observer)
    for number in 0..<3_000 { ledger.append(.sample(number)) }
    try await until("all is written") { ledger.stats.queueDepth == 0 }
    try scratch.put([UInt8](repeating: 0xA5, count: 200 * 4_096))
    unsafe unlink(scratch.path + "-wal")
    unsafe unlink(scratch.path + "-shm")
    // Another connection sees the damage; this one may still have whole pages in memory.
    #expect(throws: LedgerError.self) { try LedgerReader(path: scratch.path).report(LedgerQuery()) }
    for number in 3_000..<3_100 { ledger.append(.sample(number)) }
    await ledger.close(within: 0.2)
    let stats = ledger.stats
    #expect(stats.rowsWritten + stats.rowsDropped == 3_100)
  }

  @Test("gives up after the time it was given, and counts what is lost")
  func closing() async throws {
    let ledger = try Ledger.open(path: scratch.path, options: quick(), onChange: observed.observer)
    let other = try scratch.locker()
    try other.use { try $0.execute("BEGIN IMMEDIATE") }
    for number in 0..<7 { ledger.append(.sample(number)) }
    let stats = await ledger.close(within: 0.1)
    #expect(stats.rowsDropped == 7)
    #expect(stats.queueDepth == 0)
    try other.use { try $0.execute("COMMIT") }
  }
}
