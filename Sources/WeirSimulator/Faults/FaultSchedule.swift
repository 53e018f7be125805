import Synchronization

/// The process-wide faults, and which requests they act on: the same requests in every run.
/// Safe from any thread.
final class FaultSchedule: Sendable {
  fileprivate struct State {
    /// Tells a request that was drawn for before the faults were set anew.
    var generation = 0
    var faults: [Fault] = []
    /// Requests drawn for since the faults were set.
    var drawn = 0
    /// For each fault, the requests that fitted its pattern so far.
    var fitting: [Int] = []
  }

  private let state = Mutex(State())

  /// Replaces the faults and starts counting requests anew.
  func set(_ faults: [Fault]) {
    state.withLock { state in
      state = State(
        generation: state.generation &+ 1, faults: faults, fitting: [Int](repeating: 0, count: faults.count))
    }
  }

  /// Draws for the next request when its head is there.
  func draw() -> DrawnFaults {
    state.withLock { state in
      let request = state.drawn
      state.drawn &+= 1
      var faults = Faults()
      for index in state.faults.indices where state.faults[index].scope.models == nil {
        state.apply(index, request: request, to: &faults)
      }
      return DrawnFaults(faults: faults, request: request, generation: state.generation)
    }
  }

  /// All faults of a request, once its body tells the model; those with a pattern win over those without.
  func faults(of drawn: DrawnFaults, model: String) -> Faults {
    state.withLock { state in
      var faults = drawn.faults
      guard drawn.generation == state.generation else { return faults }
      for index in state.faults.indices where state.faults[index].scope.models?.matches(model) ?? false {
        state.apply(index, request: drawn.request, to: &faults)
      }
      return faults
    }
  }

  /// Whether a request's faults depend on its model.
  var dependsOnModel: Bool { state.withLock { $0.faults.contains { $0.scope.models != nil } } }

  /// A fixed number from 0 up to 1 for each request and fault: SplitMix64 (Steele, Lea, Flood 2014).
  fileprivate static func fraction(request: Int, fault: Int) -> Double {
    var bits = UInt64(truncatingIfNeeded: request) &* 0x9E37_79B9_7F4A_7C15
    bits &+= UInt64(truncatingIfNeeded: fault) &* 0xD1B5_4A32_D192_ED03 &+ 0x5EED
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return Double(bits >> 11) / Double(1 << 53)
  }
}

/// What was drawn for a request before its body was read.
struct DrawnFaults: Sendable {
  /// Those that do not depend on the model.
  let faults: Faults
  fileprivate let request: Int
  fileprivate let generation: Int
}

extension FaultSchedule.State {
  /// Applies a fault that fits the request's model, unless its share or its end leaves the request out.
  fileprivate mutating func apply(_ index: Int, request: Int, to faults: inout Faults) {
    let scope = self.faults[index].scope
    let number = fitting[index]
    fitting[index] &+= 1
    if let first = scope.firstRequests, number >= first { return }
    if scope.probability < 1, FaultSchedule.fraction(request: request, fault: index) >= scope.probability { return }
    faults.apply(self.faults[index])
  }
}
