import Synchronization

/// What `GET /generation` tells about past generations, the last 10,000. Safe from any thread.
final class Ledger: Sendable {
  struct Row: Sendable {
    var generation: Generation
    /// What was billed: less than the generation's own when the client left early.
    var usage: Usage
    var isCancelled: Bool
    var milliseconds: Int
  }

  private struct State {
    var rows: [String: Row] = [:]
    var order: [String] = []
    var next = 0
  }

  private let state = Mutex(State())

  func append(_ row: Row) {
    var light = row
    // The words themselves are not asked for again, and may be megabytes.
    light.generation.completion.choices = light.generation.completion.choices.map {
      Completion.Choice(pieces: [], finish: $0.finish, tokens: $0.tokens)
    }
    light.generation.prompt.texts = []
    light.generation.prompt.tools = []
    state.withLock { state in
      if state.order.count < Recorder.mostRequests {
        state.order.append(light.generation.id)
      } else {
        state.rows[state.order[state.next]] = nil
        state.order[state.next] = light.generation.id
        state.next = (state.next + 1) % Recorder.mostRequests
      }
      state.rows[light.generation.id] = light
    }
  }

  func row(_ id: String) -> Row? { state.withLock { $0.rows[id] } }
}
