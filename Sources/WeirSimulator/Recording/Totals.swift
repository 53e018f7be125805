import Synchronization

/// Counts since the process started. Safe from any thread.
final class Totals: Sendable {
  struct Values: Sendable, Equatable {
    var requests = 0
    var open = 0
    var completed = 0
    var cancelled = 0
    /// Connections that carried a request other than `/_sim`.
    var connections = 0
    /// Connections of any kind that are open now.
    var openConnections = 0
    var promptTokens = 0
    var completionTokens = 0
    /// USD.
    var cost = 0.0
  }

  private let values = Mutex(Values())

  func update(_ change: (inout Values) -> Void) { values.withLock { change(&$0) } }

  var snapshot: Values { values.withLock { $0 } }

  var json: JSON {
    let now = snapshot
    return [
      "requests": JSON(now.requests), "open": JSON(now.open), "completed": JSON(now.completed),
      "cancelled": JSON(now.cancelled), "connections": JSON(now.connections),
      "open_connections": JSON(now.openConnections), "prompt_tokens": JSON(now.promptTokens),
      "completion_tokens": JSON(now.completionTokens), "cost": JSON(now.cost),
    ]
  }
}
