import Synchronization

/// The process-wide faults, and which requests they act on: the same requests in every run.
/// Safe from any thread.
final class FaultSchedule: Sendable {
  private struct State {
    var faults: [Fault] = []
    /// Requests drawn for since the faults were set.
    var drawn = 0
  }

  private let state = Mutex(State())

  /// Replaces the faults and starts counting requests anew.
  func set(_ faults: [Fault]) {
    state.withLock { $0 = State(faults: faults) }
  }

  /// The faults of the next request.
  func draw() -> Faults {
    state.withLock { state in
      let request = state.drawn
      state.drawn &+= 1
      return FaultSchedule.faults(of: request, from: state.faults)
    }
  }

  /// The faults of request number `request`, counted from 0.
  static func faults(of request: Int, from all: [Fault]) -> Faults {
    var faults = Faults()
    for (index, fault) in all.enumerated() {
      if let first = fault.firstRequests, request >= first { continue }
      if fault.probability < 1, fraction(request: request, fault: index) >= fault.probability { continue }
      faults.apply(fault)
    }
    return faults
  }

  /// A fixed number from 0 up to 1 for each request and fault: SplitMix64 (Steele, Lea, Flood 2014).
  private static func fraction(request: Int, fault: Int) -> Double {
    var bits = UInt64(truncatingIfNeeded: request) &* 0x9E37_79B9_7F4A_7C15
    bits &+= UInt64(truncatingIfNeeded: fault) &* 0xD1B5_4A32_D192_ED03 &+ 0x5EED
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return Double(bits >> 11) / Double(1 << 53)
  }
}
