import Synchronization

/// Who tells the store of settlements: one at a time, and whatever came up while it was told is looked for before the turn
/// ends, so that nothing waits for the next occasion. Any thread may use it.
final class SettlementTurn: Sendable {
  private struct State {
    var isTaken = false
    /// Somebody had something to tell meanwhile, and relies on whoever has the turn.
    var isAskedAgain = false
  }

  private let state = Mutex(State())

  /// Whether the caller has the turn now; else whoever has it looks again before its end.
  func begin() -> Bool {
    state.withLock { state in
      guard state.isTaken else {
        state.isTaken = true
        return true
      }
      state.isAskedAgain = true
      return false
    }
  }

  /// There is nothing left to tell. False where that is the turn's end; true where there may be something since.
  func end() -> Bool {
    state.withLock { state in
      if !state.isAskedAgain { state.isTaken = false }
      defer { state.isAskedAgain = false }
      return state.isAskedAgain
    }
  }

  /// The turn ends, whatever is left.
  func stop() { state.withLock { $0 = State() } }
}
