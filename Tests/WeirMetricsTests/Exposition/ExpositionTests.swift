import Testing
import WeirMetrics

@Suite("The exposition")
struct ExpositionTests {
  private let registry = MetricsRegistry()

  @Test("is in text 0.0.4 what Prometheus documents")
  func text() {
    fill()
    #expect(
      Page(registry, .text).text == """
        # HELP level Level.
        # TYPE level gauge
        level -0.5
        # HELP things_total Things.
        # TYPE things_total counter
        things_total{a="x",b="y"} 3
        # HELP wait_seconds Wait.
        # TYPE wait_seconds histogram
        wait_seconds_bucket{a="x",le="0.1"} 1
        wait_seconds_bucket{a="x",le="+Inf"} 1
        wait_seconds_sum{a="x"} 0.05
        wait_seconds_count{a="x"} 1

        """)
  }

  @Test("names a counter's family without _total in OpenMetrics, and ends with the end mark")
  func openMetrics() {
    fill()
    #expect(
      Page(registry, .openMetrics).text == """
        # HELP level Level.
        # TYPE level gauge
        level -0.5
        # HELP things Things.
        # TYPE things counter
        things_total{a="x",b="y"} 3
        # HELP wait_seconds Wait.
        # TYPE wait_seconds histogram
        wait_seconds_bucket{a="x",le="0.1"} 1
        wait_seconds_bucket{a="x",le="+Inf"} 1
        wait_seconds_sum{a="x"} 0.05
        wait_seconds_count{a="x"} 1
        # EOF

        """)
  }

  @Test("of nothing is empty, but for the end mark")
  func empty() {
    #expect(Page(registry, .text).text.isEmpty)
    #expect(Page(registry, .openMetrics).text == "# EOF\n")
  }

  @Test("escapes label values so that no value can forge a line")
  func labelEscapes() {
    let value = "a\\b\"c\nd{}=,# é\r\u{0}"
    registry.gauge("level", help: "Level.", labels: ["a"]).child([value]).set(1)
    #expect(Page(registry).lines.last == "level{a=\"a\\\\b\\\"c\\nd{}=,# é\r\u{0}\"} 1")
  }

  @Test("escapes help texts, the double quote in OpenMetrics only")
  func helpEscapes() {
    _ = registry.gauge("level", help: "A \\ \"b\"\nc")
    #expect(Page(registry, .text).lines.first == #"# HELP level A \\ "b"\nc"#)
    #expect(Page(registry, .openMetrics).lines.first == #"# HELP level A \\ \"b\"\nc"#)
  }

  private func fill() {
    registry.histogram("wait_seconds", help: "Wait.", labels: ["a"], buckets: [0.1]).child(["x"]).observe(
      0.05)
    registry.counter("things_total", help: "Things.", labels: ["a", "b"]).child(["x", "y"]).increment(by: 3)
    registry.gauge("level", help: "Level.").child().set(-0.5)
  }
}
