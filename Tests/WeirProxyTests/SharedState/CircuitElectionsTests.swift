import Testing
import WeirPolicy

@testable import WeirProxy

@Suite("Elections of the sidecar that probes")
struct CircuitElectionsTests {
  private let kimi = CircuitKey(upstream: "openrouter", model: "moonshotai/kimi-k2")
  private let other = CircuitKey(upstream: "openrouter", model: "openai/gpt-4-turbo")
  private let second: Int64 = 1_000_000_000

  @Test("are held once, however many sidecars say that the circuit is open")
  func once() {
    var elections = CircuitElections()
    let announced = (0..<50).map { elections.announce(kimi, at: 30 * second + $0 * 1_000_000) }
    #expect(announced == [true] + Array(repeating: false, count: 49))
    let isOthers = elections.announce(other, at: 30 * second)
    #expect(isOthers)
    let held = [elections.isDue(kimi, at: 30 * second), elections.isDue(kimi, at: 30 * second)]
    #expect(held == [true, false])
  }

  @Test("are put off where the circuit was opened anew, and brought forward where it closed meanwhile")
  func moved() {
    var elections = CircuitElections()
    let announced = [30, 60, 10].map { elections.announce(kimi, at: $0 * second) }
    #expect(announced == [true, true, true])
    let held = [30, 60, 10].map { elections.isDue(kimi, at: $0 * second) }
    #expect(held == [false, false, true])
    let again = elections.announce(kimi, at: 15 * second)
    #expect(again)
  }
}
