import Testing
import WeirMetrics

@Suite("The largest number of series")
struct SeriesBoundTests {
  private let registry = MetricsRegistry(maximumSeriesPerFamily: 50)

  @Test("is one for a family without labels, and each combination and one for the rest with them")
  func counters() {
    _ = registry.counter("plain_total", help: "Plain.")
    #expect(registry.seriesBound([:]) == 1)
    _ = registry.gauge("labelled", help: "Labelled.", labels: ["a", "b"])
    #expect(registry.seriesBound(["a": 3, "b": 4]) == 1 + 13)
  }

  @Test("counts every line of a histogram")
  func histograms() {
    _ = registry.histogram("wait", help: "Wait.", labels: ["a"], buckets: [1, 2])
    #expect(registry.seriesBound(["a": 2]) == 3 * 5)
  }

  @Test(
    "never goes past what the registry keeps, whatever is said of labels", arguments: [[:], ["a": Int.max, "b": .max]])
  func capped(labels: [String: Int]) {
    _ = registry.counter("many_total", help: "Many.", labels: ["a", "b"])
    #expect(registry.seriesBound(labels) == 51)
  }

  @Test("is not exceeded by hostile values")
  func hostile() {
    let counter = registry.counter("many_total", help: "Many.", labels: ["a", "b"])
    let histogram = registry.histogram("wait", help: "Wait.", labels: ["a"], buckets: [1])
    for number in 0..<500 {
      counter.child(["x\(number)", "\n\"\(number % 7)"]).increment()
      histogram.child(["x\(number)"]).observe(1)
    }
    #expect(Page(registry).samples.count <= registry.seriesBound([:]))
    #expect(Page(registry).samples.count == 51 + 51 * 4)
  }
}
