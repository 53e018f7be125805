import Testing
import WeirMetrics

@Suite("Each set of buckets")
struct BucketsTests {
  @Test(
    "rises strictly from its first to its last bound",
    arguments: [
      (Buckets.llmSeconds, 0.005, 600), (Buckets.overheadSeconds, 0.000_01, 1),
      (Buckets.perTokenSeconds, 0.001, 2.5), (Buckets.tokens, 1, 2_097_152),
    ])
  func ascending(bounds: [Double], first: Double, last: Double) {
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
    #expect(bounds.first == first)
    #expect(bounds.last == last)
  }
  @Test("has the bound that the objective for first tokens is counted at")
  func objective() { #expect(Buckets.llmSeconds.contains(3)) }
}
