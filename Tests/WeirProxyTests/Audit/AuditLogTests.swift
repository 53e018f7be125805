import Glibc
import Logging
import Testing
import WeirConfiguration

@testable import WeirProxy

@Suite("The audit log")
struct AuditLogTests {
  private func withLog(_ body: (AuditLog) -> Void) throws {
    let path = "/tmp/weir-audit-log-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let log = try AuditLog(path: path, settings: try configuration([:]).audit, logger: Logger(label: "test"))
    body(log)
    log.close()
    unsafe unlink(path)
  }

  @Test("is read once where nothing ends a line, as in a file of zeros after a loss of power", .timeLimit(.minutes(1)))
  func endlessLine() throws {
    let path = "/tmp/weir-audit-zeros-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let bytes = 64 << 20
    let descriptor = unsafe open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    #expect(ftruncate(descriptor, bytes) == 0)
    close(descriptor)
    defer { unsafe unlink(path) }
    // Looked through from its beginning for each piece that is read, it would take minutes.
    var lines: [(bytes: Int, isEnded: Bool)] = []
    try AuditFiles.forEachLine(of: path) { line, isEnded in lines.append((line.count, isEnded)) }
    #expect(lines.count == 1)
    #expect(lines.first?.bytes == bytes)
    #expect(lines.first?.isEnded == false)
  }

  @Test("holds no more than its bound of what waits for the disk, and tells of what was lost once there is room")
  func bound() {
    let event = [UInt8](repeating: 0x20, count: 300)
    var batch = AuditLog.Batch()
    var lost = batch.take([event, event], lost: 0, maximumBytes: 1_000)
    #expect(lost == 0)
    #expect(batch.events.count == 2)
    for _ in 0..<1_000 { lost += batch.take([event, event], lost: 1, maximumBytes: 1_000) }
    #expect(batch.events.reduce(0) { $0 + $1.count } <= 1_000)
    #expect(lost >= 1_998)
    batch.events = []
    lost = batch.take([], lost: 0, maximumBytes: 1_000)
    #expect(lost == 0)
    #expect(batch.events.count == 1)
    #expect(batch.lost == 0)
    let line = batch.events.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    #expect(line.contains(#""event":"dropped","count":"#))
  }

  @Test("is written in turn with other processes for some time after a hand-over, and then held again")
  func successor() throws {
    try withLog { log in
      let now = WallClock.monotonicSeconds()
      #expect(!log.isShared(at: now))
      log.noteSuccession()
      #expect(log.isShared(at: now))
      #expect(!log.isShared(at: now + 600))
    }
  }

  @Test("is written in turn to the end by a process that has handed over")
  func predecessor() throws {
    try withLog { log in
      log.noteHandOver()
      #expect(log.isShared(at: WallClock.monotonicSeconds() + 1_000_000))
    }
    try withLog { log in
      log.noteSuccession()
      log.noteHandOver()
      #expect(log.isShared(at: WallClock.monotonicSeconds() + 1_000_000), "also where it took over itself")
    }
  }
}
