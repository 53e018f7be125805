import Synchronization
import Testing

@testable import WeirMetrics

@Suite("An exemplar")
struct ExemplarTests {
  private let registry = MetricsRegistry()
  private var histogram: Histogram { registry.histogram("wait", help: "Wait.", buckets: [1]).child() }

  @Test("stands at its own bucket, the latest one only, escaped")
  func shown() {
    histogram.observe(0.5, requestID: "first", time: 1_795_000_000)
    histogram.observe(0.75, requestID: "a\"b", time: 1_795_000_001.25)
    histogram.observe(7, requestID: "late", time: 1_795_000_001.5)
    let buckets = Page(registry, .openMetrics).samples.prefix(2)
    #expect(
      buckets == [
        #"wait_bucket{le="1.0"} 2 # {request_id="a\"b"} 0.75 1795000001.25"#,
        #"wait_bucket{le="+Inf"} 3 # {request_id="late"} 7 1795000001.5"#,
      ])
  }

  @Test("is the first of its bucket's last second with one, so that the others cost next to nothing")
  func oncePerSecond() {
    for (id, time) in [("a", 10.0), ("b", 10.9), ("c", 11.0), ("d", 11.5)] {
      histogram.observe(0.5, requestID: id, time: time)
    }
    #expect(Page(registry, .openMetrics).samples.first == #"wait_bucket{le="1.0"} 4 # {request_id="c"} 0.5 11"#)
  }

  @Test("of a value that does not count is none", arguments: [Double.nan, .infinity, -.infinity])
  func uncounted(value: Double) {
    histogram.observe(value, requestID: "id", time: 1)
    #expect(!Page(registry, .openMetrics).text.contains("request_id"))
  }

  @Test("is no part of text 0.0.4, which has no place for it")
  func notInText() {
    histogram.observe(0.5, requestID: "first", time: 0)
    #expect(!Page(registry, .text).text.contains("first"))
  }

  @Test("is left out when longer than OpenMetrics allows", arguments: [(118, true), (119, false)])
  func length(characters: Int, isShown: Bool) {
    histogram.observe(0.5, requestID: String(repeating: "é", count: characters), time: 0)
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
      load.histograms[round].observe(0.5, requestID: "id", time: 0)
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
