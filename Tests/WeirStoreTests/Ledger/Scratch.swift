import Glibc
import Synchronization
import Testing

@testable import WeirStore

/// A directory of a test's own, gone when the test is.
final class Scratch: Sendable {
  let directory: String
  /// Where the test's ledger goes.
  var path: String { directory + "/weir.db" }

  init() throws {
    var template = Array("/tmp/weir-store-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { name in
      unsafe name.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) }
    }
    directory = try #require(made)
  }

  deinit {
    removeFiles()
    unsafe rmdir(path)
    unsafe rmdir(directory)
  }

  /// Deletes the ledger and what lies beside it.
  func removeFiles() {
    for ending in ["", "-wal", "-shm", "-journal"] { unsafe unlink(path + ending) }
  }

  /// Writes over the file's bytes from a place on; makes the file where there is none.
  func put(_ bytes: [UInt8], at place: Int = 0) throws {
    let descriptor = unsafe open(path, O_CREAT | O_WRONLY, 0o600)
    try #require(descriptor >= 0)
    defer { Glibc.close(descriptor) }
    try #require(unsafe pwrite(descriptor, bytes, bytes.count, off_t(place)) == bytes.count)
  }

  /// The file's bytes from a place on.
  func bytes(at place: Int, count: Int) throws -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { Glibc.close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    try #require(unsafe pread(descriptor, &bytes, count, off_t(place)) == count)
    return bytes
  }

  /// What SQL says of the file, over a connection of its own.
  func numbers(_ sql: String) throws -> [Int64] { try Self.numbers(sql, at: path) }

  static func numbers(_ sql: String, at path: String) throws -> [Int64] {
    try each(sql, at: path) { $0.integer(0) }
  }

  /// A table's rows as `name=value` of each column.
  func rows(of table: String) throws -> [String] {
    let columns = try texts("SELECT name FROM pragma_table_info('\(table)')").map { name in
      """
      '\(name)=' || CASE typeof(\(name)) WHEN 'text' THEN '"' || \(name) || '"' WHEN 'null' THEN 'NULL' ELSE \(name) END
      """
    }
    return try texts("SELECT \(columns.joined(separator: " || ' ' || ")) FROM \(table)")
  }

  /// The transactions in the write-ahead log, which begins anew after some thousand pages
  /// (https://sqlite.org/fileformat2.html#walformat).
  func transactions() throws -> Int {
    let descriptor = unsafe open(path + "-wal", O_RDONLY)
    try #require(descriptor >= 0)
    defer { Glibc.close(descriptor) }
    var log = [UInt8](repeating: 0, count: 8 << 20)
    let length = unsafe read(descriptor, &log, log.count)
    log.removeLast(log.count - max(length, 0))
    func number(at place: Int) -> Int { log[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    let (header, frameHeader) = (32, 24)
    try #require(log.count > header)
    return stride(from: header, to: log.count - frameHeader, by: frameHeader + number(at: 8))
      .count { number(at: $0 + 4) != 0 }
  }

  func number(_ sql: String) throws -> Int64? { try numbers(sql).first }

  /// A connection that may keep a transaction open.
  func locker() throws -> SQLiteConnection { try SQLiteConnection(path, .writing, busyMilliseconds: 0) }

  func texts(_ sql: String) throws -> [String] { try Self.each(sql, at: path) { $0.text(0) ?? "" } }

  private static func each<Value: Sendable>(
    _ sql: String, at path: String, _ value: (borrowing SQLiteStatement) -> Value
  ) throws -> [Value] {
    try SQLiteConnection(path, .writing, busyMilliseconds: 0).use { database in
      let statement = try SQLiteStatement(database, sql)
      var values: [Value] = []
      while try statement.step() { values.append(value(statement)) }
      return values
    }
  }

  func execute(_ sql: String) throws { try locker().use { try $0.execute(sql) } }
}

/// What a ledger told its observer.
final class Observed: Sendable {
  private let seen = Mutex<[LedgerCondition]>([])
  var conditions: [LedgerCondition] { seen.withLock { $0 } }
  var last: LedgerCondition? { conditions.last }

  var observer: Ledger.Observer {
    { condition, _ in self.seen.withLock { $0.append(condition) } }
  }
}

extension LedgerRow {
  /// A plain request, a second after the one before it.
  static func sample(_ number: Int, id: String? = nil) -> LedgerRow {
    var row = LedgerRow(id: id ?? "req-\(number)", timeMilliseconds: 1_795_000_000_000 + Int64(number) * 1_000)
    row.model = "moonshotai/kimi-k2"
    row.status = 200
    row.durationMicroseconds = 1_000_000
    return row
  }
}

/// A row with what belongs to it.
struct LedgerEntry {
  var row: LedgerRow
  var attempts: [LedgerAttempt]
  var sequence: Int64
}

extension LedgerFile {
  /// Writes all rows or none.
  func write(_ entries: [LedgerEntry]) throws(LedgerError) {
    var batch = LedgerBatch()
    for entry in entries { batch.append(entry.row, attempts: entry.attempts, sequence: entry.sequence) }
    try write(batch, 0..<batch.count)
  }
}

/// Waits until something holds, at most 20 seconds.
func until(_ what: String, _ isSo: () throws -> Bool) async throws {
  for _ in 0..<4_000 {
    if try isSo() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  Issue.record("it never came to this: \(what)")
}

/// Options whose waits are short.
func quick(_ change: (inout LedgerOptions) -> Void = { _ in }) -> LedgerOptions {
  var options = LedgerOptions()
  options.flushMilliseconds = 5
  options.retryMilliseconds = 10
  options.busyMilliseconds = 50
  change(&options)
  return options
}

extension LedgerBatch {
  /// Packs a row and adds it.
  mutating func append(_ row: borrowing LedgerRow, attempts: [LedgerAttempt] = [], sequence: Int64) {
    let packer = RowPacker()
    unsafe append(row, packed: packer.pack(row, attempts: attempts), attempts: attempts, sequence: sequence)
  }
}

extension LedgerBacklog {
  /// Packs a row and adds it.
  mutating func add(_ row: borrowing LedgerRow, _ attempts: [LedgerAttempt]) -> Wake {
    let packer = RowPacker()
    return unsafe add(row, packer.pack(row, attempts: attempts), attempts)
  }
}
