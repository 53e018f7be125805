import Testing
import WeirMetrics

@Suite("The children of a family")
struct SeriesTableTests {
  @Test("are the same object for the same values")
  func cached() {
    let family = MetricsRegistry().counter("things_total", help: "Things.", labels: ["a"])
    #expect(family.child(["x"]) === family.child(["x"]))
    #expect(family.child(["x"]) !== family.child(["y"]))
  }

  @Test("are found by too few or too many values as well")
  func fitted() {
    let family = MetricsRegistry().gauge("level", help: "Level.", labels: ["a", "b"])
    #expect(family.child(["x"]) === family.child(["x", ""]))
    #expect(family.child([]) === family.child(["", ""]))
    #expect(family.child(["x", "y", "z"]) === family.child(["x", "y"]))
  }

  @Test("past the bound share one child whose labels are all other", arguments: [-1, 0, 1, 2])
  func bounded(maximum: Int) {
    let registry = MetricsRegistry(maximumSeriesPerFamily: maximum)
    let family = registry.counter("things_total", help: "Things.", labels: ["a", "b"])
    for index in 0..<10 { family.child([String(index), "x"]).increment() }
    let own = max(maximum, 1)
    let expected =
      (0..<own).map { "things_total{a=\"\($0)\",b=\"x\"} 1" }
      + ["things_total{a=\"other\",b=\"other\"} \(10 - own)"]
    #expect(Page(registry).samples == expected)
  }

  @Test("that are really called other are the overflow child, not a second series of that name")
  func otherByName() {
    let registry = MetricsRegistry(maximumSeriesPerFamily: 2)
    let family = registry.counter("things_total", help: "Things.", labels: ["a"])
    for value in ["other", "x", "y"] { family.child([value]).increment() }
    #expect(Page(registry).samples == [#"things_total{a="other"} 2"#, #"things_total{a="x"} 1"#])
  }

  @Test("are made once when threads ask for them at once, bound included")
  func concurrency() {
    let registry = MetricsRegistry(maximumSeriesPerFamily: 10)
    let family = registry.counter("things_total", help: "Things.", labels: ["a"])
    hammer(threads: 4, rounds: 5_000, watching: { _ = registry.exposition(.text) }) {
      family.child([String($0 % 20)]).increment()
    }
    let counts = Page(registry).integers("things_total")
    #expect(counts.count == 11)
    #expect(counts.reduce(0, +) == 20_000)
  }

  @Test("exist from the start when there are no labels")
  func unlabelled() {
    let registry = MetricsRegistry()
    _ = registry.counter("things_total", help: "Things.")
    _ = registry.counter("others_total", help: "Others.", labels: ["a"])
    #expect(Page(registry).samples == ["things_total 0"])
  }
}
