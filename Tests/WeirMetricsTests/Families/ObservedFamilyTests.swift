import Synchronization
import Testing
import WeirMetrics

@Suite("An observed family")
struct ObservedFamilyTests {
  @Test("is read anew at each scrape")
  func readAtScrape() {
    let registry = MetricsRegistry()
    let reads = Mutex(0)
    registry.observed("reads", help: "Reads.", kind: .gauge) {
      reads.withLock {
        $0 += 1
        return [([], Double($0))]
      }
    }
    #expect(Page(registry).samples == ["reads 1"])
    #expect(Page(registry).samples == ["reads 2"])
  }

  @Test("shows the first of rows with equal labels, so that no scraper refuses the page")
  func duplicates() {
    let registry = MetricsRegistry()
    registry.observed("level", help: "Level.", kind: .gauge, labels: ["a", "b"]) {
      [(["x"], 1), (["x", ""], 2), (["x", "", "more"], 3), (["y", "z"], 4)]
    }
    registry.observed("alone", help: "Alone.", kind: .gauge) { [([], 1), (["extra"], 2)] }
    #expect(Page(registry).samples == ["alone 1", #"level{a="x",b=""} 1"#, #"level{a="y",b="z"} 4"#])
  }

  @Test("leaves out what no counter can be")
  func counterRows() {
    let registry = MetricsRegistry()
    registry.observed("spent_total", help: "Spent.", kind: .counter, labels: ["a"]) {
      [(["minus"], -1), (["nan"], .nan), (["zero"], 0)]
    }
    #expect(Page(registry).samples == [#"spent_total{a="zero"} 0"#])
  }

  @Test("sums rows past the bound as other")
  func bound() {
    let registry = MetricsRegistry(maximumSeriesPerFamily: 2)
    registry.observed("level", help: "Level.", kind: .gauge, labels: ["a"]) {
      (1...4).map { ([String($0)], Double($0)) } + [(["other"], 100)]
    }
    #expect(Page(registry).samples == [#"level{a="1"} 1"#, #"level{a="2"} 2"#, #"level{a="other"} 107"#])
  }

  @Test("registered again, asks the newer closure")
  func replaced() {
    let registry = MetricsRegistry()
    for value in [1.0, 2.0] {
      registry.observed("level", help: "Level.", kind: .gauge) { [([], value)] }
    }
    #expect(Page(registry).samples == ["level 2"])
    #expect(registry.conflicts.isEmpty)
  }

  @Test("may use the registry while it is read")
  func reentrant() {
    let registry = MetricsRegistry()
    registry.observed("level", help: "Level.", kind: .gauge) { [weak registry] in
      guard let registry else { return [] }
      registry.counter("seen_total", help: "Seen.").child().increment()
      return [([], Double(registry.conflicts.count))]
    }
    #expect(Page(registry).samples == ["level 0"])
    #expect(Page(registry).samples == ["level 0", "seen_total 2"])
  }
}
