import Testing

@testable import WeirPolicy
@testable import WeirProxy

@Suite("The series of circuits")
struct CircuitRowsTests {
  /// Models that begin with "x" have no label of their own.
  private func rows(_ circuits: [(model: String, state: CircuitState)]) -> [String] {
    let readings = circuits.map {
      CircuitReading(key: CircuitKey(upstream: "u", model: $0.model), state: $0.state, opensFor: nil, pausedFor: nil)
    }
    return CircuitRows.worst(of: readings) { $0.hasPrefix("x") ? "other" : $0 }
      .map { "\($0.labels.joined(separator: " ")) \(Int($0.value))" }
  }

  @Test("are one for each model that has a label of its own")
  func own() {
    #expect(rows([("a", .closed), ("b", .open), ("c", .halfOpen)]) == ["u a 0", "u b 2", "u c 1"])
  }

  @Test("show the worst of the models that share a label, whichever comes first")
  func shared() {
    #expect(rows([("x1", .closed), ("x2", .open), ("x3", .halfOpen)]) == ["u other 2"])
    #expect(rows([("x1", .open), ("a", .closed), ("x2", .closed)]) == ["u other 2", "u a 0"])
  }

  @Test("call requests that name no model `none`, as all metrics do")
  func unnamed() {
    #expect(rows([("", .closed)]) == ["u none 0"])
  }
}
