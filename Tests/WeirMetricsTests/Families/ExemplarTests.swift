import Synchronization
import Testing

@testable import WeirMetrics

@Suite("An exemplar")
struct ExemplarTests {
  private let registry = MetricsRegistry()
  private var histogram: Histogram { registry.histogram("wait", help: "Wait.", buckets: [1]).child() }

  @Test("stands at its own bucket, the latest one only, escaped")
  func shown() {
    histogram.observe(0.5, exemplar: "first")
    histogram.observe(0.75, exemplar: "a\"b")
    histogram.observe(7, exemplar: "late")
    let buckets = Page(registry, .openMetrics).samples.prefix(2)
    #expect(
      buckets == [
        #"wait_bucket{le="1.0"} 2 # {request_id="a\"b"} 0.75"#,
        #"wait_bucket{le="+Inf"} 3 # {request_id="late"} 7"#,
      ])
  }

  @Test("is no part of text 0.0.4, which has no place for it")
  func notInText() {
    histogram.observe(0.5, exemplar: "first")
    #expect(!Page(registry, .text).text.contains("first"))
  }

  @Test("is left out when longer than OpenMetrics allows", arguments: [(118, true), (119, false)])
  func length(characters: Int, isShown: Bool) {
    histogram.observe(0.5, exemplar: String(repeating: "é", count: characters))
    #expect(Page(registry, .openMetrics).text.contains("request_id") == isShown)
    #expect(histogram.count == 1)
  }

  @Test("never appears in a bucket without observations, and costs no observation, under load")
  func concurrency() {
    let load = Load(histograms: (0..<50_000).map { _ in Histogram(bounds: [1]) })
    hammer(
      threads: 2, rounds: load.histograms.count,
      watching: {
        let seen = load.histograms[load.current.load(ordering: .relaxed)].snapshot()
        if seen.counts.first == 0, !seen.exemplars.isEmpty { load.orphans.wrappingAdd(1, ordering: .relaxed) }
      }
    ) { round in
      load.current.store(round, ordering: .relaxed)
      load.histograms[round].observe(0.5, exemplar: "id")
    }
    #expect(load.orphans.load(ordering: .relaxed) == 0)
    #expect(load.histograms.allSatisfy { $0.count == 2 })
  }
}

private final class Load: Sendable {
  let histograms: [Histogram]
  let current = Atomic(0)
  let orphans = Atomic(0)

  init(histograms: [Histogram]) {
    self.histograms = histograms
  }
}
