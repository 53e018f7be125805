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
