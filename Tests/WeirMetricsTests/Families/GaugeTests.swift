import Testing
import WeirMetrics

@Suite("A gauge")
struct GaugeTests {
  private let gauge = MetricsRegistry().gauge("level", help: "Level.").child()

  @Test("is set, rises and falls")
  func setAndAdd() {
    gauge.set(10)
    gauge.add(2.5)
    gauge.add(-20)
    #expect(gauge.value == -7.5)
  }

  @Test("comes back to where it was when threads add and take at once")
  func concurrency() {
    let gauge = gauge
    gauge.set(3)
    hammer(threads: 4, rounds: 20_000) { _ in
      gauge.add(1)
      gauge.add(-1)
    }
    #expect(gauge.value == 3)
  }
}
