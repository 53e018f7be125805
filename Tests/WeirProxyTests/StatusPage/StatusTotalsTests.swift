import Testing
import WeirPolicy

@testable import WeirProxy

@Suite("Totals of the status page")
struct StatusTotalsTests {
  private func totals(_ requests: FinishedRequest...) -> StatusTotals {
    var totals = StatusTotals()
    for request in requests { totals.add(request) }
    return totals
  }

  @Test("tell what failed from what was refused and who left")
  func outcomes() {
    let totals = totals(
      .made(), .made(outcome: .refused), .made(outcome: .failed), .made(outcome: .failed), .made(outcome: .left))
    #expect(totals.requests == 5)
    #expect(totals.refused == 1)
    #expect(totals.failed == 2)
    #expect(totals.left == 1)
  }

  @Test("count only what the cache was asked for")
  func cache() {
    let totals = totals(.made(cache: .hit), .made(cache: .coalesced), .made(cache: .miss), .made(cache: .bypass))
    #expect(totals.cacheLookups == 3)
    #expect(totals.cacheHits == 2)
  }

  @Test("compare with the baseline only where both costs are known")
  func saving() {
    let totals = totals(
      .made(cost: 1, baseline: 10), .made(cost: 2), .made(baseline: 100), .made(cost: 3, baseline: 1))
    #expect(totals.cost == 6)
    #expect(totals.baselineCost == 11)
    #expect(totals.saved == 7)
  }

  @Test("take no nonsense of an upstream", arguments: [Double.nan, .infinity, -.infinity, -1])
  func costs(nonsense: Double) {
    let totals = totals(.made(cost: nonsense, baseline: 1), .made(cost: 1, baseline: nonsense))
    #expect(totals.cost == 1)
    #expect(totals.saved == 0)
  }

  @Test("stay numbers whatever is added")
  func bounds() {
    var totals = StatusTotals()
    for _ in 0..<3 {
      totals.add(.made(tokens: .max, cost: .greatestFiniteMagnitude, baseline: .greatestFiniteMagnitude))
      totals.add(.made(tokens: .min))
    }
    #expect(totals.inputTokens == 3_000_000_000)
    #expect(totals.cost.isFinite)
  }

  @Test("leave the time of those who left out of the latency")
  func patience() {
    #expect(totals(.made(outcome: .left)).duration.milliseconds(quantile: 0.5) == nil)
    #expect(totals(.made(outcome: .failed)).duration.milliseconds(quantile: 0.5) != nil)
  }

  @Test("of two spans add up in every figure")
  func sum() {
    let one = FinishedRequest.made(
      outcome: .failed, firstContentMilliseconds: 20, tokens: 7, cost: 1, baseline: 3, cache: .hit)
    let other = FinishedRequest.made(outcome: .refused, tokens: 5, cost: 2, baseline: 9, cache: .miss)
    var sum = totals(one)
    sum.add(totals(other, .made(outcome: .left)))
    let whole = totals(one, other, .made(outcome: .left))
    #expect("\(sum)" == "\(whole)")
  }
}
