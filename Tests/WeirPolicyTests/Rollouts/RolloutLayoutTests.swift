import Testing

@testable import WeirPolicy

@Suite("Which buckets belong to which variant")
struct RolloutLayoutTests {
  private func owners(_ shares: [Int], rooms: [Int?]? = nil) -> [Int?] {
    let variants = shares.indices.map {
      RolloutVariant(name: "v\($0)", model: "m", share: shares[$0], room: rooms?[$0])
    }
    let layout = RolloutLayout(variants)
    return (0..<RolloutBucket.count).map { layout.variant(of: $0) }
  }

  private func counts(_ owners: [Int?], _ variants: Int) -> [Int] {
    (0..<variants).map { variant in owners.count { $0 == variant } }
  }

  @Test("one variant grows from the first bucket on")
  func one() {
    let owners = owners([2_500])
    #expect(owners[0] == 0)
    #expect(owners[2_499] == 0)
    #expect(owners[2_500] == nil)
    #expect(owners[9_999] == nil)
  }

  @Test("a second variant grows from the last bucket down")
  func two() {
    let owners = owners([2_500, 100])
    #expect(owners[2_499] == 0)
    #expect(owners[2_500] == nil)
    #expect(owners[9_899] == nil)
    #expect(owners[9_900] == 1)
  }

  @Test("no share is no bucket, all shares are all buckets")
  func extremes() {
    #expect(owners([0, 0, 0]).allSatisfy { $0 == nil })
    #expect(owners([10_000]).allSatisfy { $0 == 0 })
    #expect(counts(owners([9_998, 1, 1]), 3) == [9_998, 1, 1])
    #expect(counts(owners([0, 10_000]), 2) == [0, 10_000])
  }

  @Test("every variant gets exactly its share, with any rooms", arguments: 0..<60)
  func exact(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let variants = Int.random(in: 1...6, using: &random)
    let shares = randomParts(variants, of: Int.random(in: 0...10_000, using: &random), &random)
    let rooms = randomRooms(variants, &random)
    #expect(counts(owners(shares, rooms: rooms), variants) == shares)
  }

  @Test("raising shares moves nobody out, with any number of variants and rooms", arguments: 0..<60)
  func staysIn(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let variants = Int.random(in: 1...6, using: &random)
    let rooms = randomRooms(variants, &random)
    var shares = randomParts(variants, of: Int.random(in: 0...6_000, using: &random), &random)
    var before = owners(shares, rooms: rooms)
    for _ in 0..<5 {
      shares = raised(shares, &random)
      let after = owners(shares, rooms: rooms)
      #expect(before.indices.allSatisfy { before[$0] == nil || after[$0] != nil })
      before = after
    }
  }

  @Test("with one or two variants, raising shares leaves everybody on the same variant", arguments: 0..<60)
  func stays(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let variants = Int.random(in: 1...2, using: &random)
    let rooms = randomRooms(variants, &random)
    var shares = randomParts(variants, of: Int.random(in: 0...5_000, using: &random), &random)
    var before = owners(shares, rooms: rooms)
    for _ in 0..<5 {
      shares = raised(shares, &random)
      let after = owners(shares, rooms: rooms)
      #expect(before.indices.allSatisfy { before[$0] == nil || after[$0] == before[$0] })
      before = after
    }
  }

  @Test("within their rooms, any number of variants leave everybody on the same variant", arguments: 0..<60)
  func staysWithinRooms(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let variants = Int.random(in: 3...6, using: &random)
    let rooms = randomParts(variants, of: 10_000, &random)
    var shares = rooms.map { Int.random(in: 0...$0, using: &random) }
    var before = owners(shares, rooms: rooms)
    for _ in 0..<5 {
      shares = zip(shares, rooms).map { Int.random(in: $0...$1, using: &random) }
      let after = owners(shares, rooms: rooms)
      #expect(before.indices.allSatisfy { before[$0] == nil || after[$0] == before[$0] })
      before = after
    }
  }

  @Test("beyond their rooms, a user in the variant's own room still stays", arguments: 0..<60)
  func ownRoomStays(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let rooms: [Int?] = [2_000, 3_000, 5_000]
    let shares = randomParts(3, of: Int.random(in: 0...6_000, using: &random), &random)
    let more = raised(shares, &random)
    let (before, after) = (owners(shares, rooms: rooms), owners(more, rooms: rooms))
    let own = [Array(0..<2_000), Array(7_000..<10_000), Array(2_000..<7_000)]
    for variant in 0..<3 {
      #expect(own[variant].allSatisfy { before[$0] != variant || after[$0] == variant })
    }
  }

  @Test("adding a third variant moves nobody while the first two fit into a third each")
  func third() {
    let before = owners([3_000, 2_000])
    let after = owners([3_000, 2_000, 1_000])
    #expect(before.indices.allSatisfy { before[$0] == nil || after[$0] == before[$0] })
  }

  @Test("shares and rooms that no rollout may have are cut, not trapped on")
  func nonsense() {
    #expect(counts(owners([20_000, 5]), 2) == [9_995, 5])
    #expect(counts(owners([-5, .max], rooms: [.min, .max]), 2) == [0, 10_000])
    #expect(counts(owners([10, 20, 30], rooms: [9_000, 9_000, 9_000]), 3) == [10, 20, 30])
    #expect(owners([]).allSatisfy { $0 == nil })
  }

  private func randomParts(_ count: Int, of whole: Int, _ random: inout SplitMix64) -> [Int] {
    let cuts = (0..<count - 1).map { _ in Int.random(in: 0...whole, using: &random) }.sorted() + [whole]
    return cuts.indices.map { $0 == 0 ? cuts[0] : cuts[$0] - cuts[$0 - 1] }
  }

  private func randomRooms(_ count: Int, _ random: inout SplitMix64) -> [Int?] {
    let whole = Int.random(in: 0...10_000, using: &random)
    return randomParts(count, of: whole, &random).map { Bool.random(using: &random) ? $0 : nil }
  }

  private func raised(_ shares: [Int], _ random: inout SplitMix64) -> [Int] {
    var shares = shares
    for variant in shares.indices.shuffled(using: &random) {
      let left = RolloutBucket.count - shares.reduce(0, +)
      if Bool.random(using: &random) { shares[variant] += Int.random(in: 0...left, using: &random) }
    }
    return shares
  }
}
