@testable import WeirPolicy

/// What the script `admit` does, for rate limits: a store for tests, with a clock that is passed in. `LimitScriptsTests`
/// holds the script itself against `GCRA`.
struct ModelStore {
  private var counts: [String: GCRA] = [:]
  private(set) var calls = 0

  /// The answer to a question that is about rate limits only.
  mutating func answer(_ call: FleetCall, now: Int64) -> FleetAnswer {
    calls += 1
    let numbers = call.numbers.split(separator: " ").compactMap { Int($0) }
    let share = numbers[1]
    let claims = (0..<numbers[2]).map { Array(numbers[(6 + 4 * $0)..<(10 + 4 * $0)]) }
    let all = zip(call.keys, claims)
    var decision = "0 0 0"
    for (place, (key, claim)) in all.enumerated() {
      switch count(key, claim).check(claim[0], now: now) {
      case .fits: continue
      case .waits(let wait): decision = "3 \(place + 1) \(wait / 1000 + 1)"
      case .never: decision = "3 \(place + 1) -1"
      }
    }
    var reply = "\(decision) \(now / 1000)"
    for (key, claim) in all {
      var count = count(key, claim)
      var granted = 0
      if decision == "0 0 0" {
        _ = count.take(claim[0], now: now)
        granted = min(claim[1], count.remaining(now: now) * share / 100)
        _ = count.take(granted, now: now)
        counts[key] = count
      }
      reply += " \(count.remaining(now: now)) \(count.timeUntilFull(now: now) / 1000 + 1) \(granted)"
    }
    return .said(Array(reply.utf8))
  }

  /// Books a settlement that is about rate limits only.
  mutating func book(_ call: FleetCall, now: Int64) -> FleetAnswer {
    calls += 1
    let numbers = call.numbers.split(separator: " ").compactMap { Int($0) }
    for (place, key) in call.keys.enumerated() where place < numbers[3] {
      let charge = Array(numbers[(6 + 3 * place)..<(9 + 3 * place)])
      var count = counts[key] ?? GCRA(perMinute: charge[1], burst: charge[2])
      if charge[0] > 0 { count.charge(charge[0], now: now) } else { count.giveBack(0 - charge[0]) }
      counts[key] = count
    }
    return .said(Array("\(now / 1000)".utf8))
  }

  private func count(_ key: String, _ claim: [Int]) -> GCRA {
    counts[key] ?? GCRA(perMinute: claim[2], burst: claim[3])
  }
}
