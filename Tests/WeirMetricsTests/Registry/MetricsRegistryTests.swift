import Testing
import WeirMetrics

@Suite("The registry")
struct MetricsRegistryTests {
  private let registry = MetricsRegistry()

  @Test("gives the same family for the same name and shape, whatever the help text")
  func sameFamily() {
    let counter = registry.counter("things_total", help: "Things.", labels: ["a"])
    #expect(registry.counter("things_total", help: "Else.", labels: ["a"]) === counter)
    let gauge = registry.gauge("level", help: "Level.")
    #expect(registry.gauge("level", help: "Level.") === gauge)
    let histogram = registry.histogram("wait", help: "Wait.", buckets: [1, 2])
    #expect(registry.histogram("wait", help: "Wait.", buckets: [2, 1, .infinity]) === histogram)
    #expect(registry.conflicts.isEmpty)
  }

  @Test("adds the _total that a counter's name lacks")
  func totalAdded() {
    let short = registry.counter("things", help: "Things.")
    #expect(registry.counter("things_total", help: "Things.") === short)
    #expect(Page(registry).samples == ["things_total 0"])
  }

  @Test("gives a working family that is not shown, and notes it, for another shape under a taken name")
  func otherShape() {
    registry.counter("things_total", help: "Things.", labels: ["a"]).child(["x"]).increment()
    registry.histogram("wait", help: "Wait.", buckets: [1]).child().observe(1)
    let before = Page(registry).text

    let counter = registry.counter("things_total", help: "Things.", labels: ["b"]).child(["x"])
    counter.increment(by: 5)
    registry.gauge("things", help: "Things.").child().set(1)
    registry.histogram("wait", help: "Wait.", buckets: [2]).child().observe(1)
    registry.observed("wait", help: "Wait.", kind: .gauge) { [([], 1)] }

    #expect(counter.value == 5)
    #expect(Page(registry).text == before)
    #expect(registry.conflicts.map(\.name) == ["things_total", "things", "wait"])
  }

  @Test(
    "does not show two families whose samples would share a name",
    arguments: ["wait", "wait_bucket", "wait_count", "wait_sum", "things_total", "things_created"])
  func claimedNames(name: String) {
    _ = registry.histogram("wait", help: "Wait.", buckets: [1])
    _ = registry.counter("things_total", help: "Things.")
    _ = registry.gauge(name, help: "Level.")
    #expect(registry.conflicts.map(\.name) == [name])
  }

  @Test("does not show a histogram that would take the name of a gauge")
  func claimedLater() {
    _ = registry.gauge("wait_count", help: "Count.")
    _ = registry.histogram("wait", help: "Wait.", buckets: [1])
    #expect(registry.conflicts.map(\.name) == ["wait"])
    #expect(registry.conflicts.map(\.reason) == ["the name wait_count belongs to wait_count"])
    #expect(Page(registry).samples == ["wait_count 0"])
  }

  @Test(
    "does not show what Prometheus could not read",
    arguments: [
      ("", ["a"]), ("_total", []), ("1st_total", []), ("thïngs_total", []), ("a b_total", []),
      ("a\n_total", []), ("things_total", ["a-b"]), ("things_total", ["a:b"]), ("things_total", [""]),
      ("things_total", ["__a"]), ("things_total", ["a", "a"]),
    ])
  func malformed(name: String, labels: [String]) {
    registry.counter(name, help: "Things.", labels: labels).child(["x"]).increment()
    #expect(registry.conflicts.map(\.name) == [name])
    #expect(registry.exposition(.text).isEmpty)
  }

  @Test("keeps the label le for the buckets of a histogram, and only there")
  func reservedLabel() {
    _ = registry.histogram("wait", help: "Wait.", labels: ["le"], buckets: [1])
    _ = registry.gauge("level", help: "Level.", labels: ["le"])
    #expect(registry.conflicts.map(\.name) == ["wait"])
  }

  @Test("remembers a conflict once, and not more than a hundred")
  func conflictsBounded() {
    for _ in 0..<3 { _ = registry.gauge("a b", help: "Level.") }
    #expect(registry.conflicts.count == 1)
    for index in 0..<200 { _ = registry.gauge("a \(index)", help: "Level.") }
    #expect(registry.conflicts.count == 100)
  }

  @Test("registers a name once when threads do so at once")
  func concurrency() {
    let registry = registry
    hammer(threads: 4, rounds: 2_000, watching: { _ = registry.exposition(.openMetrics) }) {
      registry.counter("things\($0 % 7)_total", help: "Things.").child().increment()
    }
    let counts = Page(registry).integers("things")
    #expect(counts.count == 7)
    #expect(counts.reduce(0, +) == 8_000)
    #expect(registry.conflicts.isEmpty)
  }
}
