import Testing

@testable import WeirPolicy

@Suite("The learned length of replies")
struct OutputAveragesTests {
  @Test("begins at 512 tokens, for each model for itself")
  func start() {
    var averages = OutputAverages()
    #expect(averages.average(of: "a") == 512)
    averages.learn(0, of: "a")
    #expect(averages.average(of: "a") == 480)
    #expect(averages.average(of: "b") == 512)
  }

  @Test("reaches what it is told again and again, from above and below", arguments: [0, 1, 100, 5000, 1_000_000])
  func converges(tokens: Int) {
    var averages = OutputAverages()
    for _ in 0..<1000 { averages.learn(tokens, of: "a") }
    #expect(averages.average(of: "a") == tokens)
  }

  @Test("lies between the smallest and the largest that it was told", arguments: 0..<5 as Range<UInt64>)
  func between(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var averages = OutputAverages()
    for _ in 0..<2000 {
      averages.learn(Int.random(in: 100...900, using: &random), of: "a")
      #expect((100...900).contains(averages.average(of: "a")))
    }
  }

  @Test("keeps a thousand models apart and all further ones together, however long their names are")
  func bounded() {
    var averages = OutputAverages()
    for model in 0..<5000 { averages.learn(1, of: "m\(model)") }
    averages.learn(1, of: String(repeating: "x", count: 100_000))
    #expect(averages.count == 1000)
    #expect(averages.average(of: "m4999") == averages.average(of: "never seen"))
    #expect(averages.average(of: "m4999") < 10)
    #expect(averages.average(of: "m0") == 480)
  }

  @Test("takes no count that cannot be")
  func extremes() {
    var averages = OutputAverages()
    for tokens in [Int.min, Int.max, -1] { for _ in 0..<300 { averages.learn(tokens, of: "a") } }
    #expect(averages.average(of: "a") == 0)
  }
}
