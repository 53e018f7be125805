import Testing
import WeirStore

@testable import WeirPolicy

@Suite("The store's scripts", .enabled(if: RealStore.server != nil), .serialized)
struct LimitScriptsTests {
  private let admit = StoreScript(.admit, LimitScripts.admit)
  private let settle = StoreScript(.settle, LimitScripts.settle)
  private let sweep = StoreScript(.heartbeat, LimitScripts.sweep + "sweep(ARGV[2], ARGV[3]) return '1'")
  /// 2026-11-21, six hours before midnight, in seconds.
  private let evening: Int64 = 1_795_284_000
  private let day: Int64 = 1_795_219_200
  private let month: Int64 = 1_793_491_200

  @Test("count exactly as this process does, whatever the rate, the weights and the time between")
  func rates() async throws {
    let server = try #require(try await RealStore())
    var generator = Numbers(state: 42)
    let rates = [1, 7, 60, 1000, 59_999_999, 60_000_000, 123_456_789, 999_999_999_989, 1_000_000_000_000]
    let pauses: [Int64] = [0, 1, 17, 1000, 1_000_000, 59_999_999, 60_000_000, 86_400_000_000]
    for (number, rate) in rates.enumerated() {
      for burst in Set([1, 3, rate, 1_000_000_000_000]).sorted() {
        var count = GCRA(perMinute: rate, burst: burst)
        var now = evening * 1_000_000
        for step in 1...25 {
          now += pauses[generator.below(pauses.count)]
          let wanted = [1, 2, burst, burst / 2 + 1, generator.below(burst) + 1, burst + 1][generator.below(6)]
          let reply = await server.run(
            admit, ["h:s", "r:\(number)-\(burst)"], "0 0 1 0 0 0 \(wanted) 0 \(rate) \(burst)", now: now)
          try #require(reply.count >= 5)
          switch count.take(wanted, now: now * 1000) {
          case .fits: #expect(reply[0] == 0)
          case .never: #expect(reply[0] == 3 && reply[2] == -1)
          case .waits(let wait):
            let rounded = wait / 1000 + (wait % 1000 == 0 ? 0 : 1)
            // Beyond what a double holds it is an estimate, and nobody waits for centuries.
            #expect(reply[0] == 3 && (0...1).contains(reply[2] - rounded) || wait > 1 << 52)
          }
          #expect(reply[4] == Int64(count.remaining(now: now * 1000)), "\(wanted) of \(burst) at \(rate)")
          if generator.below(4) == 0 {
            let change = generator.below(burst * 2) - burst
            let booked = await server.run(
              settle, ["h:s", "a:\(number)-\(burst)", "r:\(number)-\(burst)"],
              "0 \(step) 0 1 0 0 \(change) \(rate) \(burst)", now: now)
            #expect(booked.count == 2)
            if change > 0 { count.charge(change, now: now * 1000) } else { count.giveBack(0 - change) }
          }
        }
      }
    }
  }

  @Test("never let a clock that is set back free a count, nor block one for longer")
  func clockSetBack() async throws {
    let server = try #require(try await RealStore())
    let now = evening * 1_000_000
    func take(_ now: Int64) async -> [Int64] {
      await server.run(admit, ["h:s", "r:x"], "0 0 1 0 0 0 1 0 60 2", now: now)
    }
    #expect(await take(now).first == 0)
    #expect(await take(now).first == 0)
    #expect(await take(now - 300_000_000).first == 3)
    #expect(await take(now - 299_000_000).first == 0, "a second later, by the clock as it goes now")
  }

  /// One owner and one budget of a day in money.
  private func ask(
    _ server: RealStore, _ call: Int, before: Int64 = 0, amount: Int64, limit: Int64 = 100, sidecar: String = "s",
    knows: String = "0 0 0 0 0 0", now: Int64? = nil
  ) async -> [Int64] {
    await server.run(
      admit, sidecar: sidecar, ["h:\(sidecar)", "b:x"],
      "\(call) 0 0 0 1 1 1 \(before) 0 \(amount) 0 \(before + amount) 0 \(knows) 1 d \(limit) -",
      now: (now ?? evening) * 1_000_000)
  }

  private func book(
    _ server: RealStore, _ call: Int, batch: Int, day: Int64, spent: Int64, holds: Int64 = 0, sidecar: String = "s",
    now: Int64? = nil
  ) async -> [Int64] {
    await server.run(
      settle, sidecar: sidecar, ["h:\(sidecar)", "a:\(sidecar)", "b:x", "b:x"],
      "\(call) \(batch) 1 0 0 1 \(day) \(spent) 7 \(holds) 0", now: (now ?? evening) * 1_000_000
    ).dropLast()
  }

  @Test("say when a later call has overtaken what a sidecar tells it holds")
  func overtaken() async throws {
    let server = try #require(try await RealStore())
    #expect(await ask(server, 8, amount: 60).first == 0)
    let keys = ["h:s", "a:s", "b:x"]
    let late = await server.run(settle, keys, "7 0 0 0 0 1 0 0", now: evening * 1_000_000)
    #expect(late.last == 0 && late.suffix(3).first == 60, "not noted, and said so")
    let next = await server.run(settle, keys, "9 0 0 0 0 1 5 0", now: evening * 1_000_000)
    #expect(next.last == 1 && next.suffix(3).first == 5)
  }

  @Test("hold a budget over all sidecars, and say why they refuse")
  func budget() async throws {
    let server = try #require(try await RealStore())
    #expect(await ask(server, 1, amount: 60).dropFirst(10).first == 60)
    #expect(await ask(server, 1, amount: 50, sidecar: "t").prefix(3) == [1, 1, 3], "held by another")
    #expect(await ask(server, 2, amount: 101, sidecar: "t").prefix(3) == [1, 1, 2], "too large for ever")
    #expect(await ask(server, 3, amount: 40, sidecar: "t").first == 0)
    #expect(await book(server, 2, batch: 1, day: day, spent: 60).suffix(8) == [day, 60, 7, month, 60, 7, 40, 0])
    #expect(await ask(server, 3, amount: 1).prefix(3) == [1, 1, 3])
    #expect(await book(server, 4, batch: 1, day: day, spent: 40, sidecar: "t").last == 0)
    #expect(await ask(server, 4, amount: 1).prefix(3) == [1, 1, 1], "used up")
    #expect(await ask(server, 5, amount: 0).first == 0, "what costs nothing goes on")
  }

  @Test("book no batch twice, and none of a period that is over in another")
  func settlements() async throws {
    let server = try #require(try await RealStore())
    for call in 1...3 { #expect(await book(server, call, batch: 1, day: day, spent: 5).dropFirst(2).first == 5) }
    #expect(await book(server, 4, batch: 2, day: day, spent: 5).dropFirst(2).first == 10)
    let late = await book(server, 5, batch: 3, day: day - 86_400, spent: 5)
    #expect(late.suffix(8) == [day, 10, 14, month, 15, 21, 0, 0])
    let tomorrow = await book(server, 6, batch: 4, day: day + 86_400, spent: 3, now: evening + 86_400)
    #expect(tomorrow.suffix(8) == [day + 86_400, 3, 7, month, 18, 28, 0, 0])
    let nextMonth = await book(server, 7, batch: 5, day: day, spent: 2, now: evening + 11 * 86_400)
    #expect(nextMonth.suffix(8) == [day + 11 * 86_400, 0, 0, month + 30 * 86_400, 0, 0, 0, 0])
    let setBack = await book(server, 8, batch: 6, day: day, spent: 2)
    #expect(setBack.dropFirst().first == day + 11 * 86_400, "a clock set back stays there")
  }

  @Test("give back what a dead sidecar held, and nothing twice")
  func death() async throws {
    let server = try #require(try await RealStore())
    _ = await ask(server, 1, amount: 60)
    _ = await ask(server, 1, amount: 30, sidecar: "t")
    _ = await server.run(admit, ["h:s", "q:x"], "2 0 0 1 0 0 0 5", now: evening * 1_000_000)
    for _ in 0..<2 {
      _ = await server.run(sweep, sidecar: "s", [], "")
      #expect(await ask(server, 2, before: 30, amount: 0, sidecar: "t").dropFirst(10).first == 30)
      #expect(await server.ask("EXISTS", "test:{fleet}:q:x") == .integer(0))
    }
    #expect(await ask(server, 3, amount: 70).first == 0, "and it can come back to life")
  }

  @Test("keep places by sidecar")
  func places() async throws {
    let server = try #require(try await RealStore())
    func enter(_ sidecar: String, _ call: Int, before: Int) async -> Int64? {
      await server.run(admit, sidecar: sidecar, ["h:\(sidecar)", "q:x"], "\(call) 0 0 1 0 0 \(before) 3").first
    }
    #expect(await enter("s", 1, before: 0) == 0)
    #expect(await enter("t", 1, before: 0) == 0)
    #expect(await enter("s", 2, before: 1) == 0)
    #expect(await enter("t", 2, before: 1) == 2)
    _ = await server.run(settle, ["h:s", "a:s", "q:x"], "3 0 0 0 1 0 1")
    #expect(await enter("t", 3, before: 1) == 0)
  }

  @Test("hold more money than a double does")
  func largeAmounts() async throws {
    let server = try #require(try await RealStore())
    let limit: Int64 = 9_000_000_000_000_000_001
    let known = "\(day) 8999999999999999990 0 \(month) 8999999999999999990 0"
    #expect(await ask(server, 1, amount: 12, limit: limit, knows: known).prefix(3) == [1, 1, 2])
    #expect(await ask(server, 2, amount: 11, limit: limit).first == 0)
    #expect(await ask(server, 3, before: 11, amount: 1, limit: limit).prefix(3) == [1, 1, 3])
    let most = await book(server, 4, batch: 1, day: day, spent: .max)
    #expect(most.dropFirst(2).first == .max, "and stop at what they can hold")
  }

  @Test("change nothing where they cannot read what is there")
  func otherTypes() async throws {
    let server = try #require(try await RealStore())
    _ = await server.ask("RPUSH", "test:{fleet}:r:x", "a")
    _ = await server.ask("SET", "test:{fleet}:b:x", "a")
    let both = await server.run(
      admit, ["h:s", "r:y", "r:x"], "1 0 2 0 0 0 1 0 60 2 1 0 60 2", now: evening * 1_000_000)
    #expect(both.isEmpty)
    #expect(await server.ask("EXISTS", "test:{fleet}:r:y") == .integer(0))
    #expect(await ask(server, 2, amount: 1).isEmpty)
    #expect(await book(server, 3, batch: 1, day: day, spent: 1).isEmpty)
    #expect(await server.ask("EXISTS", "test:{fleet}:a:s") == .integer(0))
  }

  private struct Numbers {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 20) % UInt64(max(bound, 1)))
    }
  }
}
