import Testing

@testable import WeirPolicy

@Suite("Splitting a percentage among variants")
struct ApportionmentTests {
  @Test("is exact where it can be")
  func exact() {
    #expect(Apportionment.split(3_000, by: [10, 20, 30]) == [500, 1_000, 1_500])
    #expect(Apportionment.split(10_000, by: [7_000, 3_000]) == [7_000, 3_000])
    #expect(Apportionment.split(100, by: [0, 5]) == [0, 100])
  }

  @Test("treats weights of nothing as equal, and nonsense as nothing")
  func nonsense() {
    #expect(Apportionment.split(10, by: [0, 0]) == [5, 5])
    #expect(Apportionment.split(10, by: []) == [])
    #expect(Apportionment.split(-3, by: [1]) == [0])
    #expect(Apportionment.split(.max, by: [.max, .min]) == [10_000, 0])
  }

  @Test("gives all of the whole, and never less of a larger whole", arguments: 0..<20)
  func monotonic(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let weights = (0..<Int.random(in: 1...6, using: &random)).map { _ in
      Int.random(in: 0...900, using: &random)
    }
    var before = weights.map { _ in 0 }
    for whole in 0...400 {
      let parts = Apportionment.split(whole, by: weights)
      #expect(parts.reduce(0, +) == whole)
      #expect(zip(parts, before).allSatisfy { $0 >= $1 })
      before = parts
    }
  }
}
