import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import WeirUpstream

@Suite("The look at deadlines")
struct DeadlineSweepTests {
  private static let interval: Int64 = 20_000_000

  /// When the first look came and the one after it, in nanoseconds from when the event loop had stood still for so long.
  private func looks(after stall: Int64, again: Int64 = 0) async throws -> [Int64] {
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    let done = loop.makePromise(of: [Int64].self)
    loop.execute {
      var looks: [Int64] = []
      var awakeAt = NIODeadline.now()
      let sweep = DeadlineSweep(on: loop) {
        looks.append((NIODeadline.now() - awakeAt).nanoseconds)
        return looks.count < 2
      }
      sweep.start(interval: Self.interval)
      usleep(UInt32(stall / 1000))
      awakeAt = .now()
      if again > 0 {
        // Before the next look is due.
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(Self.interval / 2)) { usleep(UInt32(again / 1000)) }
      }
      func wait() {
        if looks.count == 2 { return done.succeed(looks) }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(5)) {
          withExtendedLifetime(sweep) { wait() }
        }
      }
      wait()
    }
    return try await done.futureResult.get()
  }

  @Test("waits another interval where the event loop stood still, so that what came meanwhile is read first")
  func stoodStill() async throws {
    let looks = try await looks(after: 5 * Self.interval)
    #expect(try #require(looks.first) >= Self.interval)
  }

  @Test("comes all the same where the event loop is always late")
  func alwaysLate() async throws {
    let looks = try await looks(after: 5 * Self.interval, again: 5 * Self.interval)
    let first = try #require(looks.first)
    #expect(first >= Self.interval && first < 10_000_000_000)
  }
}
