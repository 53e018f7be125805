import Synchronization

/// What weir saw of an upstream in passing: the source of `/health`. Any thread may use it.
final class UpstreamHealth: Sendable {
  /// What the last requests came to.
  enum Status: String, Sendable { case healthy, degraded, unhealthy }

  struct Report: Sendable {
    let name: String
    let status: Status
    /// Milliseconds to the head of a reply, smoothed; nil before the first.
    let responseMilliseconds: Double?
    /// Seconds since the epoch.
    let lastSuccess: Double?
  }

  private struct State {
    let name: String
    var failuresInARow = 0
    var failureShare = 0.0
    var responseMilliseconds: Double?
    var lastSuccess: Double?
  }

  /// The weight of the newest outcome in the smoothed values.
  private static let newest = 0.1
  /// This many failures without a success between them make an upstream unhealthy.
  private static let unhealthyAfter = 5
  /// A smoothed share of failures above this makes it degraded.
  private static let degradedAbove = 0.1

  private let state: Mutex<State>

  init(name: String) { state = Mutex(State(name: name)) }

  /// A reload may name another upstream, of which nothing is known yet.
  func follow(_ name: String) {
    state.withLock { if $0.name != name { $0 = State(name: name) } }
  }

  /// A reply that says the upstream works, whatever it answered to the request.
  func succeeded(milliseconds: Double, at seconds: Double) {
    state.withLock { state in
      state.failuresInARow = 0
      state.failureShare *= 1 - Self.newest
      state.responseMilliseconds =
        state.responseMilliseconds.map { $0 + (milliseconds - $0) * Self.newest } ?? milliseconds
      state.lastSuccess = seconds
    }
  }

  /// No reply, a broken one, or a 5xx.
  func failed() {
    state.withLock { state in
      state.failuresInARow += 1
      state.failureShare += (1 - state.failureShare) * Self.newest
    }
  }

  /// Somebody asked, and there was no answer: that is plain enough to say so at once.
  func probeFailed() {
    state.withLock { state in
      state.failuresInARow = max(state.failuresInARow + 1, Self.unhealthyAfter)
      state.failureShare += (1 - state.failureShare) * Self.newest
    }
  }

  var report: Report {
    state.withLock { state in
      let status: Status =
        if state.failuresInARow >= Self.unhealthyAfter {
          .unhealthy
        } else if state.failuresInARow > 0 || state.failureShare > Self.degradedAbove {
          .degraded
        } else {
          .healthy
        }
      return Report(
        name: state.name, status: status, responseMilliseconds: state.responseMilliseconds,
        lastSuccess: state.lastSuccess)
    }
  }
}
