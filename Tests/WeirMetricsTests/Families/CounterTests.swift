import Testing
import WeirMetrics

@Suite("A counter")
struct CounterTests {
  private let counter = MetricsRegistry().counter("things_total", help: "Things.").child()

  @Test("adds whole and broken amounts")
  func addsUp() {
    counter.increment()
    counter.increment(by: 2)
    counter.increment(by: 0.25)
    #expect(counter.value == 3.25)
  }

  @Test("never falls and never breaks", arguments: [-1, 0, -.infinity, .infinity, .nan, -0.5])
  func ignores(amount: Double) {
    counter.increment(by: 7)
    counter.increment(by: amount)
    #expect(counter.value == 7)
  }

  @Test("takes amounts that no integer holds", arguments: [4_294_967_296, 4_294_967_297, 1e19, 1e300])
  func huge(amount: Double) {
    counter.increment(by: amount)
    #expect(counter.value == amount)
  }

  @Test("loses nothing when threads increment at once")
  func concurrency() {
    let counter = counter
    hammer(threads: 4, rounds: 200_000) { _ in counter.increment() }
    hammer(threads: 4, rounds: 200_000) { _ in counter.increment(by: 0.5) }
    #expect(counter.value == 1_200_000)
  }
}
