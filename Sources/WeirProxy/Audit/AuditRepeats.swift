import Synchronization

/// Keeps a client that is refused, or flagged, a thousand times a second from pushing everything else out of the audit log: of equal
/// refusals (client, address, code, rule), each minute the first few have a line each, and the others one line with
/// their number. Any thread may use it.
final class AuditRepeats: Sendable {
  /// What makes refusals equal.
  struct Key: Hashable {
    let client: String
    let peer: String
    let code: String
    let rule: String?
  }

  private struct State {
    var minute: Int64 = 0
    var counts: [Key: Int] = [:]
    /// Refusals of keys that did not fit.
    var others = 0
  }

  /// Lines of their own in a minute.
  static let linesEach = 20
  private static let maximumKeys = 5_000

  private let state = Mutex(State())

  /// Whether this refusal gets a line, and the events that sum up a minute that is over.
  ///
  /// - Parameter wall: seconds since 1970.
  func note(_ key: Key, wall: Int64) -> (hasLine: Bool, summary: [AuditEvent]) {
    state.withLock { state in
      let summary = Self.close(&state, minute: wall / 60)
      guard state.counts[key] != nil || state.counts.count < Self.maximumKeys else {
        state.others += 1
        return (false, summary)
      }
      state.counts[key, default: 0] += 1
      return (state.counts[key, default: 0] <= Self.linesEach, summary)
    }
  }

  /// The events of a minute that is over; called now and then, so that they do not wait for the next refusal.
  func closed(wall: Int64) -> [AuditEvent] { state.withLock { Self.close(&$0, minute: wall / 60) } }

  private static func close(_ state: inout State, minute: Int64) -> [AuditEvent] {
    guard state.minute != minute else { return [] }
    var events = state.counts.filter { $0.value > linesEach }.map { key, count in
      AuditEvent(.repeated).with("client", key.client).with("peer", key.peer).with("code", key.code)
        .with("rule", key.rule).with("count", count - linesEach)
    }
    if state.others > 0 { events.append(AuditEvent(.repeated).with("client", "other").with("count", state.others)) }
    state = State(minute: minute)
    return events
  }
}
