import Testing

@testable import WeirProxy

@Suite("Coarse latencies")
struct LatencyCountsTests {
  private func counts(milliseconds: [Int64]) -> LatencyCounts {
    var counts = LatencyCounts()
    for each in milliseconds { counts.add(nanoseconds: each * 1_000_000) }
    return counts
  }

  @Test("have no quantile while there are none")
  func empty() {
    #expect(LatencyCounts().milliseconds(quantile: 0.5) == nil)
  }

  @Test(
    "are found again within their bucket, which is at most twice as wide as its start",
    arguments: [1, 4, 5, 9, 10, 39, 40, 100, 1000, 12_345, 60_000] as [Int64])
  func single(milliseconds: Int64) throws {
    let quantile = try #require(counts(milliseconds: [milliseconds]).milliseconds(quantile: 1))
    #expect(quantile > Double(milliseconds))
    #expect(quantile <= max(5, Double(milliseconds) * 2))
  }

  @Test("know half from nearly all")
  func quantiles() throws {
    let counts = counts(milliseconds: Array(repeating: 30, count: 90) + Array(repeating: 3000, count: 10))
    let median = try #require(counts.milliseconds(quantile: 0.5))
    let high = try #require(counts.milliseconds(quantile: 0.95))
    #expect((20...40).contains(median))
    #expect((2560...5120).contains(high))
  }

  @Test("take any duration", arguments: [Int64.min, -1, 0, Int64.max])
  func extremes(nanoseconds: Int64) throws {
    var counts = LatencyCounts()
    counts.add(nanoseconds: nanoseconds)
    let quantile = try #require(counts.milliseconds(quantile: 0.5))
    #expect(nanoseconds > 0 ? quantile == 81_920 : quantile == 2.5)
  }

  @Test("of two spans add up")
  func sum() {
    var sum = counts(milliseconds: [30, 30])
    sum.add(counts(milliseconds: [3000, 3000, 3000, 3000]))
    let whole = counts(milliseconds: [30, 30, 3000, 3000, 3000, 3000])
    for quantile in [0, 0.2, 0.34, 0.5, 1] {
      #expect(sum.milliseconds(quantile: quantile) == whole.milliseconds(quantile: quantile))
    }
  }
}
