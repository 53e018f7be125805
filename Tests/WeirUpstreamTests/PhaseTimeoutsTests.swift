import Testing

@testable import WeirUpstream

@Suite("The clock of a transfer")
struct PhaseTimeoutsTests {
  private let timeouts = PhaseTimeouts(connect: 5, firstByte: 100, idle: 30, total: 1000)

  private func clock(_ change: (inout PhaseClock) -> Void = { _ in }) -> PhaseClock {
    var clock = PhaseClock(timeouts: timeouts, now: 1_000_000)
    change(&clock)
    return clock
  }

  private func due(_ clock: PhaseClock, at elapsed: Int64) -> TransferFailure.Kind? {
    clock.due(now: 1_000_000 + elapsed)?.kind
  }

  @Test("lets the reply's first byte come until its time-out")
  func firstByte() {
    #expect(due(clock(), at: 0) == nil)
    #expect(due(clock(), at: 99) == nil)
    #expect(due(clock(), at: 100) == .firstByteTimeout)
  }

  @Test("counts the first byte's time from the last part of the request's body that left")
  func uploading() {
    let uploading = clock { $0.activity(now: 1_000_090) }
    #expect(due(uploading, at: 189) == nil)
    #expect(due(uploading, at: 190) == .firstByteTimeout)
  }

  @Test("asks for progress once the head is there")
  func idle() {
    let replying = clock { $0.head(now: 1_000_050) }
    #expect(due(replying, at: 79) == nil)
    #expect(due(replying, at: 80) == .idleTimeout)
    let moving = clock {
      $0.head(now: 1_000_050)
      $0.activity(now: 1_000_079)
    }
    #expect(due(moving, at: 108) == nil)
    #expect(due(moving, at: 109) == .idleTimeout)
  }

  @Test("does not blame the upstream for a receiver that holds the reply back")
  func held() {
    let held = clock {
      $0.head(now: 1_000_010)
      $0.held(true, now: 1_000_020)
    }
    #expect(due(held, at: 900) == nil)
    let released = clock {
      $0.head(now: 1_000_010)
      $0.held(true, now: 1_000_020)
      $0.held(false, now: 1_000_900)
    }
    #expect(due(released, at: 929) == nil)
    #expect(due(released, at: 930) == .idleTimeout)
  }

  @Test("ends every exchange at the total time-out, whatever moves or is held")
  func total() {
    let busy = clock {
      $0.head(now: 1_000_001)
      $0.activity(now: 1_000_999)
    }
    #expect(due(busy, at: 999) == nil)
    #expect(due(busy, at: 1000) == .totalTimeout)
    let held = clock {
      $0.head(now: 1_000_001)
      $0.held(true, now: 1_000_002)
    }
    #expect(due(held, at: 1000) == .totalTimeout)
  }

  @Test("names the total time-out where two are over at once")
  func both() {
    #expect(due(clock(), at: 5000) == .totalTimeout)
  }

  @Test("is looked at often enough to miss no time-out by more than a tenth, within reason")
  func sweep() {
    func interval(_ firstByte: Int64, _ idle: Int64, _ total: Int64) -> Int64 {
      PhaseTimeouts(connect: 1, firstByte: firstByte, idle: idle, total: total).sweepInterval
    }
    let second: Int64 = 1_000_000_000
    #expect(interval(3 * second, 4 * second, 5 * second) == 3 * second / 10)
    #expect(interval(5 * second, 2 * second, 5 * second) == 2 * second / 10)
    #expect(interval(5 * second, 4 * second, 1 * second) == second / 10)
    #expect(interval(1, 1, 1) == 10_000_000)
    #expect(interval(.max, .max, .max) == second)
  }
}
