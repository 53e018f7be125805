import Testing

@testable import WeirPolicy

@Suite("The generic cell rate algorithm")
struct GCRATests {
  private let second: Int64 = 1_000_000_000

  @Test("lets the burst through at once, then one cell each time it has drained, to the nanosecond")
  func burstThenRate() {
    var bucket = GCRA(perMinute: 60, burst: 3)
    for _ in 0..<3 { #expect(bucket.take(1, now: 0) == .fits) }
    #expect(bucket.take(1, now: 0) == .waits(second))
    #expect(bucket.take(1, now: second - 1) == .waits(1))
    #expect(bucket.take(1, now: second) == .fits)
    #expect(bucket.take(1, now: second) == .waits(second))
  }

  @Test("never rounds where a minute is no multiple of the rate: seven a minute are exactly seven")
  func noRounding() {
    var bucket = GCRA(perMinute: 7, burst: 2)
    var now: Int64 = 0
    #expect(bucket.take(1, now: 0) == .fits)
    for _ in 0..<7_000 {
      #expect(bucket.take(1, now: now) == .fits)
      guard case .waits(let wait) = bucket.check(1, now: now) else {
        Issue.record("a count that was just used up lets more through")
        return
      }
      now += wait
    }
    // A thousand minutes; each wait is rounded up to a whole nanosecond, and the next one is shorter for it.
    #expect(now == 60_000 * second)
  }

  @Test("says that more than the burst never fits, however long one waits")
  func never() {
    var bucket = GCRA(perMinute: 1_000_000, burst: 10)
    #expect(bucket.take(11, now: .max) == .never)
    #expect(bucket.take(10, now: 0) == .fits)
  }

  @Test("tells what is left, when so much fits, and when all is there again")
  func peeks() {
    var bucket = GCRA(perMinute: 60, burst: 10)
    #expect(bucket.remaining(now: 5) == 10)
    #expect(bucket.timeUntilFull(now: 5) == 0)
    #expect(bucket.take(4, now: 0) == .fits)
    #expect(bucket.remaining(now: 0) == 6)
    #expect(bucket.remaining(now: second - 1) == 6)
    #expect(bucket.remaining(now: second) == 7)
    #expect(bucket.timeUntilFull(now: 0) == 4 * second)
    #expect(bucket.check(8, now: 0) == .waits(2 * second))
    #expect(!bucket.isFull(now: 4 * second - 1))
    #expect(bucket.isFull(now: 4 * second))
  }

  @Test("takes back what was not used, and a full count stays full")
  func givesBack() {
    var bucket = GCRA(perMinute: 60, burst: 10)
    let before = bucket
    #expect(bucket.take(10, now: 0) == .fits)
    bucket.giveBack(10)
    #expect(bucket == before)
    #expect(bucket.take(10, now: 0) == .fits)
    bucket.giveBack(25)
    #expect(bucket.remaining(now: 0) == 10)
    #expect(bucket.take(11, now: 0) == .never)
  }

  @Test("charges more than there is as a debt, of an hour at most")
  func debt() {
    var bucket = GCRA(perMinute: 60, burst: 10)
    bucket.charge(25, now: 0)
    #expect(bucket.remaining(now: 0) == 0)
    #expect(bucket.check(1, now: 0) == .waits(16 * second))
    bucket.charge(.max, now: 0)
    #expect(bucket.check(0, now: 0) == .waits(3600 * second))
    bucket.charge(-5, now: 0)
    #expect(bucket.check(0, now: 0) == .waits(3600 * second))
  }

  @Test("keeps its backlog in cells when the rate changes, and no more than the new burst")
  func changes() {
    var bucket = GCRA(perMinute: 60, burst: 10)
    #expect(bucket.take(8, now: 5 * second) == .fits)
    let faster = bucket.changing(perMinute: 600, burst: 20, now: 5 * second)
    #expect(faster.remaining(now: 5 * second) == 12)
    #expect(faster.timeUntilFull(now: 5 * second) == 8 * second / 10)
    let smaller = bucket.changing(perMinute: 60, burst: 2, now: 5 * second)
    #expect(smaller.check(1, now: 5 * second) == .waits(second))
  }

  @Test(
    "does not overflow, whatever the rate, burst, weight and time",
    arguments: [
      (1, 1_000_000_000), (1_000_000_000, 1), (1_000_000_000, 1_000_000_000), (Int.max, Int.max), (Int.min, Int.min),
      (0, 0), (1, Int.max), (Int.max, 1),
    ])
  func extremes(rate: Int, burst: Int) {
    for now in [Int64.min, -1, 0, 1, Int64.max] {
      for count in [Int.min, -1, 0, 1, Int.max] {
        var bucket = GCRA(perMinute: rate, burst: burst)
        let verdict = bucket.take(count, now: now)
        #expect(verdict == (count <= bucket.burst ? .fits : .never))
        bucket.charge(count, now: now)
        bucket.charge(count, now: now)
        #expect((0...bucket.burst).contains(bucket.remaining(now: now)))
        #expect(bucket.timeUntilFull(now: now) >= 0)
        bucket.giveBack(count)
        #expect(bucket.changing(perMinute: burst, burst: rate, now: now).remaining(now: .max) >= 0)
      }
    }
    var slow = GCRA(perMinute: 1, burst: 1_000_000_000)
    #expect(slow.take(1_000_000_000, now: 0) == .fits)
    #expect(slow.timeUntilFull(now: 0) == .max)
  }

  @Test("a time that lies before the last one never frees anything")
  func clockBack() {
    var bucket = GCRA(perMinute: 60, burst: 2)
    #expect(bucket.take(2, now: 10 * second) == .fits)
    #expect(bucket.take(1, now: 3 * second) == .waits(8 * second))
    #expect(bucket.take(1, now: 11 * second) == .fits)
  }
}

@Suite("No window of any start admits more than burst + rate × length")
struct GCRAWindowTests {
  /// What was admitted, and what of it was given back, in the order of time.
  private struct Event {
    let at: Int64
    let cells: Int
  }

  /// Compares every window that begins and ends at an event; the bound is exact, in cells times a minute.
  private func exceeds(_ events: [Event], perMinute: Int, burst: Int) -> Bool {
    for (first, from) in events.enumerated() where from.cells > 0 {
      var sum = 0
      for to in events[first...] {
        sum += to.cells
        let bound = Int128(burst) * 60_000_000_000 + Int128(perMinute) * Int128(to.at - from.at)
        if Int128(sum) * 60_000_000_000 > bound { return true }
      }
    }
    return false
  }

  @Test("for random rates, bursts, weights and times", arguments: 0..<40 as Range<UInt64>)
  func windows(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let perMinute = Int.random(in: 1...(seed % 2 == 0 ? 100 : 1_000_000), using: &random)
    let burst = Int.random(in: 1...200, using: &random)
    var bucket = GCRA(perMinute: perMinute, burst: burst)
    let cell = 60_000_000_000 / Int64(perMinute)
    var now: Int64 = 0
    var events: [Event] = []
    for _ in 0..<400 {
      now += Int64.random(in: 0...3, using: &random) * Int64.random(in: 0...cell, using: &random)
      let count = Int.random(in: 1...max(burst / 3, 1), using: &random)
      if bucket.take(count, now: now) == .fits { events.append(Event(at: now, cells: count)) }
    }
    #expect(events.count > 20)
    #expect(!exceeds(events, perMinute: perMinute, burst: burst))
    // The bound is tight: with one cell less it would not hold.
    #expect(exceeds(events, perMinute: perMinute, burst: burst / 2) || burst < 8)
  }

  @Test("counting what is given back within the window", arguments: 0..<40 as Range<UInt64>)
  func windowsWithReturns(seed: UInt64) {
    var random = SplitMix64(seed: 1000 + seed)
    let (perMinute, burst) = (Int.random(in: 10...5000, using: &random), Int.random(in: 10...300, using: &random))
    var bucket = GCRA(perMinute: perMinute, burst: burst)
    let cell = 60_000_000_000 / Int64(perMinute)
    var now: Int64 = 0
    var held: [Int] = []
    var events: [Event] = []
    for _ in 0..<400 {
      now += Int64.random(in: 0...4 * cell, using: &random)
      if Bool.random(using: &random), let count = held.popLast() {
        let unused = Int.random(in: 0...count, using: &random)
        bucket.giveBack(unused)
        events.append(Event(at: now, cells: -unused))
      } else {
        let count = Int.random(in: 1...max(burst / 3, 1), using: &random)
        guard bucket.take(count, now: now) == .fits else { continue }
        held.append(count)
        events.append(Event(at: now, cells: count))
      }
    }
    #expect(events.count { $0.cells > 0 } > 20)
    #expect(!exceeds(events, perMinute: perMinute, burst: burst))
  }

  @Test("and a client that always asks gets the whole rate", arguments: [1, 7, 60, 999, 1_000_000])
  func throughput(perMinute: Int) {
    var bucket = GCRA(perMinute: perMinute, burst: 5)
    var now: Int64 = 0
    var admitted = 0
    while admitted < 1000 {
      switch bucket.take(1, now: now) {
      case .fits: admitted += 1
      case .waits(let wait): now += max(wait, 1)
      case .never: return
      }
    }
    let rest = Int128(admitted - 5) * 60_000_000_000
    #expect(Int128(now) * Int128(perMinute) - rest < Int128(perMinute))
  }
}
