@testable import WeirPolicy

/// Many sidecars, one limit and one store, in simulated time. Requests come at random times (a seeded generator), each at
/// some sidecar; a question and its answer take a millisecond.
struct SimulatedFleet {
  struct Outcome: CustomStringConvertible {
    /// The most that passed within any span beyond `burst + rate · span`.
    var excess: Double
    var passed: Int
    var refused: Int
    var storeCallsPerSidecarAndSecond: Double
    var requestsThatWaited: Int

    var description: String {
      "excess \(excess), passed \(passed), refused \(refused), waited \(requestsThatWaited), "
        + "store calls a sidecar and second \(storeCallsPerSidecarAndSecond)"
    }
  }

  let sidecars: Int
  let rule: LimitRule
  let leasePercent: Int
  /// Over all sidecars.
  let requestsPerSecond: Double
  let seconds: Double

  private static let roundTrip: Int64 = 1_000_000
  private static let second: Int64 = 1_000_000_000

  /// What waits for its time.
  private struct Renewal {
    let at: Int64
    let sidecar: Int
    let asked: FleetRenewal
    let answer: FleetAnswer
    let askedAt: Int64
  }

  func run(seed: UInt64) throws -> Outcome {
    var generator = SplitMix64(seed: seed)
    var store = ModelStore()
    let books = (0..<sidecars).map { _ in
      let book = LimitBook(LimitPolicy(rates: [rule]))
      book.share(leasePercent: leasePercent)
      book.setFleetSize(sidecars)
      return book
    }
    let subject = LimitSubject(client: "all", user: nil, model: "m")
    var now: Int64 = Self.second
    let end = now + Int64(seconds * Double(Self.second))
    var nextTick = now + Self.second
    var renewals: [Renewal] = []
    var level = 0.0
    var last = now
    var outcome = Outcome(
      excess: 0, passed: 0, refused: 0, storeCallsPerSidecarAndSecond: 0, requestsThatWaited: 0)
    while now < end {
      now += Int64(generator.exponential() / requestsPerSecond * Double(Self.second))
      if now >= nextTick {
        for book in books {
          book.givePermitsBack(now: nextTick)
          while let next = book.nextSettlement(now: nextTick) {
            _ = book.settled(next, store.book(next.call, now: nextTick), wall: 0)
          }
        }
        nextTick += Self.second
      }
      while let first = renewals.first, first.at <= now {
        renewals.removeFirst()
        books[first.sidecar].renewed(first.asked, first.answer, askedAt: first.askedAt)
      }
      let number = Int(generator.next() % UInt64(sidecars))
      do throws(Refusal) {
        var lease = try books[number].admit(subject, estimate: .none, prices: nil, now: now, wall: 0)
        switch try lease.askFleet(isUp: true, now: now, wall: 0) {
        case .goesOn: break
        case .renews(let renewal):
          let answer = store.answer(renewal.call, now: now)
          renewals.append(
            Renewal(at: now + Self.roundTrip, sidecar: number, asked: renewal, answer: answer, askedAt: now))
        case .asks(let call):
          outcome.requestsThatWaited += 1
          try lease.fleetAnswered(store.answer(call, now: now), now: now, wall: 0)
        }
        lease.release()
        outcome.passed += 1
        // What has passed drains as the limit says; more than the burst at once is excess.
        level = max(level - Double(now - last) / 1e9 * Double(rule.perMinute) / 60, 0) + 1
        last = now
        outcome.excess = max(outcome.excess, level - Double(rule.burst))
      } catch {
        outcome.refused += 1
      }
    }
    outcome.storeCallsPerSidecarAndSecond = Double(store.calls) / Double(sidecars) / seconds
    return outcome
  }
}

extension SplitMix64 {
  /// Of mean 1.
  fileprivate mutating func exponential() -> Double {
    // Twelve uniform numbers are nearly normal; the squares of two such sums, halved, are exponential.
    var sum = 0.0
    for _ in 0..<12 { sum += Double(next() >> 11) / 9_007_199_254_740_992 }
    let first = sum - 6
    sum = 0
    for _ in 0..<12 { sum += Double(next() >> 11) / 9_007_199_254_740_992 }
    let second = sum - 6
    return (first * first + second * second) / 2
  }
}
