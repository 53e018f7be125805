import Testing

@testable import WeirPolicy

@Suite("The bound of the cache")
struct CacheTableTests {
  /// What a cache must agree with: an entry it gives is the last one kept under the key and not over its time.
  private struct Model {
    var replies: [UInt64: (reply: StoredReply, expiresAt: Int64)] = [:]
  }

  @Test("is never passed, and no reply is ever wrong, over random operations", arguments: UInt64(1)...20)
  func operations(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func below(_ bound: UInt64) -> Int { Int(random.next() % bound) }
    let maximum = [3000, 20_000, 200_000][below(3)]
    var policy = CachePolicy(maximumBytes: maximum, maximumEntryBytes: [1000, 10_000, 1 << 30][below(3)])
    var table = CacheTable(policy, windowShare: [0, 0.01, 0.05, 1][below(4)])
    var model = Model()
    var (now, given) = (Int64(0), 0)
    for _ in 0..<3000 {
      now += Int64(below(1000))
      let number = UInt64(below(60))
      var discarded: [StoredReply] = []
      switch below(100) {
      case 0: _ = table.removeAll()
      case 1: _ = table.removeExpired(now: now, discarded: &discarded)
      case 2: _ = table.remove(model: ModelPattern("a*"), discarded: &discarded)
      case 3:
        policy.maximumBytes = maximum / (1 + below(3))
        table.adopt(policy, now: now, discarded: &discarded)
      case 4..<50:
        table.note(key(number))
        let found = table.find(key(number), now: now, maximumAge: .max, discarded: &discarded)
        let known = model.replies[number]
        #expect(found == nil || found === known?.reply)
        #expect(found == nil || now < known?.expiresAt ?? 0)
        if found != nil { given += 1 }
      default:
        let kept = reply(below(40) == 0 ? below(300_000) : below(1500), model: below(2) == 0 ? "a" : "b", storedAt: now)
        let expiresAt = now + Int64(below(100_000))
        let wasKept = table.keep(kept, for: key(number), expiresAt: expiresAt, now: now, discarded: &discarded)
        if wasKept { model.replies[number] = (kept, expiresAt) }
      }
      #expect(table.statistics.bytes <= policy.maximumBytes)
      #expect((table.statistics.entries == 0) == (table.statistics.bytes == 0))
    }
    #expect(given > 0)
  }

  @Test("holds for ten thousand large replies of one client, and others' popular ones stay")
  func flood() {
    var table = CacheTable(CachePolicy(maximumBytes: 4_000_000))
    var discarded: [StoredReply] = []
    for _ in 0..<5 {
      table.note(key(0))
      if table.find(key(0), now: 0, maximumAge: .max, discarded: &discarded) == nil {
        _ = table.keep(reply(1000), for: key(0), expiresAt: 10, now: 0, discarded: &discarded)
      }
    }
    let large = reply(1_000_000)
    for number in UInt64(1)...10_000 {
      table.note(key(number))
      _ = table.keep(large, for: key(number), expiresAt: 10, now: 0, discarded: &discarded)
      #expect(table.bytes <= 4_000_000)
      discarded.removeAll(keepingCapacity: true)
    }
    #expect(table.find(key(0), now: 0, maximumAge: .max, discarded: &discarded) != nil)
  }
}
