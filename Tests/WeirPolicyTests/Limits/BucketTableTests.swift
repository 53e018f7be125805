import Testing

@testable import WeirPolicy

@Suite("The table of counts")
struct BucketTableTests {
  private let second: Int64 = 1_000_000_000

  private func key(_ user: Int) -> LimitKey { LimitKey(rule: 1, fingerprint: UInt64(user)) }

  @Test("pushes the least recently used count out, and not one that was just used")
  func leastRecentlyUsed() throws {
    var table = BucketTable(capacity: 2)
    var bucket = GCRA(perMinute: 60, burst: 10)
    _ = bucket.take(5, now: 0)
    for user in [1, 2] {
      table.beginRequest(now: 0)
      #expect(table.insert(key(user), bucket, now: 0) != nil)
    }
    table.beginRequest(now: 0)
    #expect(table.find(key(1)) != nil)
    table.beginRequest(now: 0)
    let placeInserted = table.insert(key(3), bucket, now: 0)
    let place = try #require(placeInserted)
    #expect(table.count == 2)
    table.beginRequest(now: 0)
    #expect(table.find(key(2)) == nil)
    #expect(table.find(key(1)) != nil)
    #expect(table.find(key(3)) == place)
  }

  @Test("finds room beside many counts that are over their limits, and in theirs once they have drained a little")
  func roomBesideOver() {
    var table = BucketTable(capacity: 9)
    var over = GCRA(perMinute: 60, burst: 10)
    _ = over.take(10, now: 0)
    var used = GCRA(perMinute: 60, burst: 10)
    _ = used.take(5, now: 0)
    for user in 0..<8 {
      table.beginRequest(now: 0)
      #expect(table.insert(key(user), GCRA(perMinute: 60, burst: 10), now: 0) != nil)
      if let place = table.find(key(user)) { table.update(place, now: 0) { $0 = over } }
    }
    for user in 8..<20 {
      table.beginRequest(now: 0)
      #expect(table.insert(key(user), used, now: 0) != nil)
    }
    table.beginRequest(now: 0)
    if let place = table.find(key(19)) { table.update(place, now: 0) { $0 = over } }
    #expect(table.insert(key(20), used, now: 0) == nil)
    for _ in 0..<5 { table.beginRequest(now: second) }
    #expect(table.count == 9)
    #expect(table.insert(key(20), used, now: second) != nil)
    #expect(table.count == 9)
  }

  @Test("never pushes out what the same request uses")
  func ownCounts() {
    var table = BucketTable(capacity: 1)
    table.beginRequest(now: 0)
    #expect(table.insert(key(1), GCRA(perMinute: 60, burst: 10), now: 0) != nil)
    #expect(table.insert(key(2), GCRA(perMinute: 60, burst: 10), now: 0) == nil)
    #expect(table.find(key(1)) != nil)
  }

  @Test("forgets counts that have drained, and gives their room to others")
  func idle() {
    var table = BucketTable(capacity: 100)
    for user in 0..<100 {
      table.beginRequest(now: 0)
      var bucket = GCRA(perMinute: 60, burst: 10)
      _ = bucket.take(10, now: 0)
      #expect(table.insert(key(user), bucket, now: 0) != nil)
    }
    for _ in 0..<60 { table.beginRequest(now: 10 * second) }
    #expect(table.count == 0)
  }

  @Test("does nothing at the place of a count that was forgotten, even when another is there now")
  func stalePlace() throws {
    var table = BucketTable(capacity: 1)
    table.beginRequest(now: 0)
    let staleInserted = table.insert(key(1), GCRA(perMinute: 60, burst: 10), now: 0)
    let stale = try #require(staleInserted)
    table.beginRequest(now: 0)
    let placeInserted = table.insert(key(2), GCRA(perMinute: 60, burst: 10), now: 0)
    let place = try #require(placeInserted)
    table.update(stale, now: 0) { $0.charge(10, now: 0) }
    table.remove(stale)
    #expect(table.bucket(at: stale) == nil)
    #expect(table.bucket(at: place)?.remaining(now: 0) == 10)
  }

  @Test("never forgets a count that is over its limit, over random requests", arguments: 0..<8 as Range<UInt64>)
  func model(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let capacity = Int.random(in: 1...30, using: &random)
    let (perMinute, burst) = (Int.random(in: 1...600, using: &random), Int.random(in: 1...4, using: &random))
    var table = BucketTable(capacity: capacity)
    var truth: [Int: GCRA] = [:]
    var (now, refusals, noRoom): (Int64, Int, Int) = (0, 0, 0)
    for _ in 0..<4_000 {
      now += Int64.random(in: 0...1_500_000_000 / Int64(perMinute), using: &random)
      table.beginRequest(now: now)
      for (user, bucket) in truth {
        let place = table.find(key(user))
        if bucket.isOver(now: now) { #expect(place != nil) }
        if let place { #expect(table.bucket(at: place) == bucket) } else { truth[user] = nil }
      }
      let user = Int.random(in: 0...60, using: &random)
      let fresh = GCRA(perMinute: perMinute, burst: burst)
      guard let place = table.find(key(user)) ?? table.insert(key(user), fresh, now: now) else {
        noRoom += 1
        continue
      }
      table.update(place, now: now) { if $0.take(1, now: now) != .fits { refusals += 1 } }
      truth[user] = table.bucket(at: place)
      #expect(table.count <= capacity)
    }
    #expect(refusals > 0)
    #expect(noRoom > 0)
  }
}
