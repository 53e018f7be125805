import Foundation
import Logging
import Synchronization
import Testing
import WeirMetrics
import WeirStore

@testable import WeirPolicy
@testable import WeirProxy

@Suite("The keeper of the ledger")
struct LedgerKeeperTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weir-keeper-\(UUID().uuidString)")
  private let log = Lines()

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private var path: String { folder.appendingPathComponent("weir.db").path }

  private var logger: Logger { Logger(label: "test") { [log] _ in LinesHandler(lines: log) } }

  private func page(_ keeper: LedgerKeeper) -> String {
    let registry = MetricsRegistry()
    keeper.register(in: registry)
    return String(decoding: registry.exposition(.text), as: UTF8.self)
  }

  private func note(_ keeper: LedgerKeeper) throws {
    let exchange = try Exchange.replied()
    RequestPath.settle(exchange, ending: .complete, reading: nil, now: 101_000_000)
    var pen = LedgerPen()
    keeper.record(exchange, sizes: AccessLog.Sizes(), firstContentAt: nil, wall: WallClock.now(), with: &pen)
  }

  private func vote(_ keeper: LedgerKeeper, _ id: String) async -> LedgerKeeper.Verdict {
    await withCheckedContinuation { continuation in
      keeper.record(LedgerFeedback(id: id, rating: .up, timeMilliseconds: 1)) { continuation.resume(returning: $0) }
    }
  }

  @Test("has every noted exchange in the file once it is closed, and knows its votes")
  func kept() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let keeper = LedgerKeeper(path: path, logger: logger)
    for _ in 0..<20 { try note(keeper) }
    guard case .noted(let receipt) = await vote(keeper, "req_1") else {
      Issue.record("the vote was not noted")
      return
    }
    #expect(receipt.model == "moonshotai/kimi-k2")
    guard case .unknownID = await vote(keeper, "nobody") else {
      Issue.record("an unknown id was found")
      return
    }
    await keeper.close(logger)
    #expect(keeper.stats?.rowsWritten == 20)
    #expect(keeper.problem == nil)
    #expect(page(keeper).contains("weir_ledger_rows_total 20\n"))
    #expect(page(keeper).contains("weir_ledger_degraded 0\n"))
    #expect(try LedgerReader(path: path).report(LedgerQuery()).total.requests == 20)
    #expect(log.all.isEmpty)
  }

  @Test("goes on without a file that cannot be used, and says so once")
  func unusable() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("no database at all".utf8).write(to: URL(fileURLWithPath: path))
    let keeper = LedgerKeeper(path: path, logger: logger)
    for _ in 0..<3 { try note(keeper) }
    #expect(keeper.problem?.reason == .notALedger)
    #expect(page(keeper).contains("weir_ledger_degraded 1\n"))
    #expect(page(keeper).contains("weir_ledger_rows_dropped_total 3\n"))
    guard case .failed(let error) = await vote(keeper, "req_1") else {
      Issue.record("a vote was taken without a file")
      return
    }
    #expect(error.reason == .notALedger)
    keeper.tryAgain(logger)
    await keeper.close(logger)
    #expect(log.all.count == 1)
  }

  @Test("takes the file once what was in its way is gone, and still knows what it lost")
  func healed() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let inTheWay = URL(fileURLWithPath: path)
    try Data("no database at all".utf8).write(to: inTheWay)
    let keeper = LedgerKeeper(path: path, logger: logger)
    try note(keeper)
    try FileManager.default.removeItem(at: inTheWay)
    keeper.tryAgain(logger)
    #expect(keeper.problem == nil)
    keeper.tryAgain(logger)
    try note(keeper)
    await keeper.close(logger)
    #expect(try LedgerReader(path: path).report(LedgerQuery()).total.requests == 1)
    #expect(page(keeper).contains("weir_ledger_degraded 0\n"))
    #expect(page(keeper).contains("weir_ledger_rows_dropped_total 1\n"))
    #expect(log.all.count == 2)
  }

  @Test("keeps nothing where none is wanted")
  func off() async throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let keeper = LedgerKeeper(path: nil, logger: logger)
    try note(keeper)
    guard case .off = await vote(keeper, "req_1") else {
      Issue.record("a vote was taken without a ledger")
      return
    }
    await keeper.close(logger)
    #expect(keeper.problem == nil)
    #expect(keeper.rowsDropped == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}

/// What was logged.
private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

private struct LinesHandler: LogHandler {
  let lines: Lines
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.trace

  init(lines: Lines) { self.lines = lines }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { lines.add("\(event.level) \(event.message) \(event.metadata ?? [:])") }
}
