import Synchronization
import Testing
import WeirMetrics

@Suite("A histogram")
struct HistogramTests {
  private let registry = MetricsRegistry()

  @Test("counts a value in the first bucket whose bound is not below it, and in all after it")
  func cumulates() {
    let histogram = registry.histogram("wait", help: "Wait.", buckets: [1, 2, 5]).child()
    for value in [0.5, 1, 1.5, 5, 6] { histogram.observe(value) }
    #expect(
      Page(registry).samples == [
        #"wait_bucket{le="1.0"} 2"#, #"wait_bucket{le="2.0"} 3"#, #"wait_bucket{le="5.0"} 4"#,
        #"wait_bucket{le="+Inf"} 5"#, "wait_sum 14", "wait_count 5",
      ])
    #expect(histogram.count == 5)
    #expect(histogram.total == 14)
  }

  @Test("takes a negative value for zero and ignores what is no number")
  func oddValues() {
    let histogram = registry.histogram("wait", help: "Wait.", buckets: [0, 1]).child()
    for value: Double in [-3, .nan, .infinity, -.infinity] { histogram.observe(value) }
    #expect(Page(registry).integers("wait_bucket") == [1, 1, 1])
    #expect(histogram.total == 0)
  }

  @Test("sorts its bounds and drops those that mean nothing")
  func bounds() {
    let odd: [Double] = [5, 1, 5, .infinity, -.nan, -2, -.infinity]
    registry.histogram("wait", help: "Wait.", buckets: odd).child().observe(3)
    #expect(
      Page(registry).samples.prefix(3) == [
        #"wait_bucket{le="1.0"} 0"#, #"wait_bucket{le="5.0"} 1"#, #"wait_bucket{le="+Inf"} 1"#,
      ])
  }

  @Test("works without any bucket but the infinite one")
  func noBuckets() {
    registry.histogram("wait", help: "Wait.", buckets: []).child().observe(3)
    #expect(Page(registry).samples == [#"wait_bucket{le="+Inf"} 1"#, "wait_sum 3", "wait_count 1"])
  }

  @Test("loses no observation when threads observe at once")
  func losesNothing() {
    let histogram = registry.histogram("wait", help: "Wait.", buckets: [1]).child()
    hammer(threads: 4, rounds: 200_000) { _ in histogram.observe(0.5) }
    #expect(Page(registry).integers("wait_bucket") == [800_000, 800_000])
    #expect(histogram.total == 400_000)
  }

  @Test("shows counts that agree with each other at every moment, and never fall")
  func concurrency() {
    let registry = registry
    let histogram = registry.histogram("wait", help: "Wait.", buckets: [0, 1, 2, 3]).child()
    let pages = Pages()
    hammer(
      threads: 3, rounds: 20_000,
      watching: { pages.add(Page(registry)) }
    ) { histogram.observe(Double($0 % 5)) }
    var before = [0, 0, 0, 0, 0]
    for page in pages.all {
      let counts = page.integers("wait_bucket")
      #expect(counts == counts.sorted())
      #expect(page.integers("wait_count") == [counts.last])
      #expect(zip(before, counts).allSatisfy { $0 <= $1 })
      before = counts
    }
    #expect(Page(registry).integers("wait_bucket") == [12_000, 24_000, 36_000, 48_000, 60_000])
    #expect(histogram.total == 120_000)
  }
}

/// The first pages scraped while others observe.
private final class Pages: Sendable {
  private let kept = Mutex<[Page]>([])

  var all: [Page] { kept.withLock { $0 } }

  func add(_ page: Page) {
    kept.withLock { if $0.count < 500 { $0.append(page) } }
  }
}
