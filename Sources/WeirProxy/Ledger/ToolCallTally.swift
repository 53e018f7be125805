import Synchronization
import WeirStore
import WeirWire

/// The verdicts on one reply's tool calls, for its row in the ledger: they come after the exchange is over, or before.
/// Any thread may use it. One that is let go of before all verdicts are there hands out those that are.
final class ToolCallTally: Sendable {
  /// Takes the counts, once.
  typealias Taker = @Sendable (LedgerRow.ToolCallCounts) -> Void

  private struct State {
    var counts = LedgerRow.ToolCallCounts()
    var missing: Int
    var taker: Taker?
  }

  private let state: Mutex<State>

  /// - Parameter calls: verdicts to come.
  init(calls: Int) { state = Mutex(State(missing: calls)) }

  /// The checker dropped the rest of the calls, as it does when the process ends.
  deinit { if let taker = state.withLock({ $0.taker }) { taker(state.withLock { $0.counts }) } }

  /// A verdict; those that say nothing of the model are not among the counts.
  func add(_ result: ToolCallResult) {
    let done = state.withLock { state -> (taker: Taker, counts: LedgerRow.ToolCallCounts)? in
      state.counts.add(result)
      state.missing -= min(state.missing, 1)
      guard state.missing == 0, let taker = state.taker else { return nil }
      state.taker = nil
      return (taker, state.counts)
    }
    if let done { done.taker(done.counts) }
  }

  /// Calls `taker` once all verdicts are there; on the thread that brings the last, or at once.
  func whenComplete(_ taker: @escaping Taker) {
    let counts = state.withLock { state -> LedgerRow.ToolCallCounts? in
      guard state.missing > 0 else { return state.counts }
      state.taker = taker
      return nil
    }
    if let counts { taker(counts) }
  }
}

extension LedgerRow.ToolCallCounts {
  fileprivate mutating func add(_ result: ToolCallResult) {
    switch result {
    case .valid: valid += 1
    case .invalidJSON: invalidJSON += 1
    case .schemaMismatch: schemaMismatch += 1
    case .unknownTool: unknownTool += 1
    case .schemaUnusable, .unchecked: return
    }
  }
}
