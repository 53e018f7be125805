import Synchronization

/// What weir saw of its upstreams in passing: the source of `/health`. Any thread may use it.
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

  fileprivate struct State {
    let name: String
    var failuresInARow = 0
    var failureShare = 0.0
    var responseMilliseconds: Double?
    var lastSuccess: Double?
  }

  /// The weight of the newest outcome in the smoothed values.
  private static let newest = 0.1
  /// This many failures without a success between them make an upstream unhealthy.
  fileprivate static let unhealthyAfter = 5
  /// A smoothed share of failures above this makes it degraded.
  fileprivate static let degradedAbove = 0.1

  private let states: Mutex<[State]>

  init(names: [String]) { states = Mutex(names.map { State(name: $0) }) }

  /// A reload may name other upstreams, of which nothing is known yet.
  func follow(_ names: [String]) {
    states.withLock { states in
      states = names.map { name in states.first { $0.name == name } ?? State(name: name) }
    }
  }

  /// A reply that says the upstream works, whatever it answered to the request.
  func succeeded(_ name: String, milliseconds: Double, at seconds: Double) {
    update(name) { state in
      state.failuresInARow = 0
      state.failureShare *= 1 - Self.newest
      state.responseMilliseconds =
        state.responseMilliseconds.map { $0 + (milliseconds - $0) * Self.newest } ?? milliseconds
      state.lastSuccess = seconds
    }
  }

  /// No reply, a broken one, or a 5xx.
  func failed(_ name: String) {
    update(name) { state in
      state.failuresInARow += 1
      state.failureShare += (1 - state.failureShare) * Self.newest
    }
  }

  /// Somebody asked, and there was no answer: that is plain enough to say so at once.
  func probeFailed(_ name: String) {
    update(name) { state in
      state.failuresInARow = max(state.failuresInARow + 1, Self.unhealthyAfter)
      state.failureShare += (1 - state.failureShare) * Self.newest
    }
  }

  /// In the configuration's order, the default upstream first.
  var reports: [Report] { states.withLock { $0.map(\.report) } }

  private func update(_ name: String, _ change: (inout State) -> Void) {
    states.withLock { states in
      guard let index = states.firstIndex(where: { $0.name == name }) else { return }
      change(&states[index])
    }
  }
}

extension UpstreamHealth.State {
  fileprivate var report: UpstreamHealth.Report {
    let status: UpstreamHealth.Status =
      if failuresInARow >= UpstreamHealth.unhealthyAfter {
        .unhealthy
      } else if failuresInARow > 0 || failureShare > UpstreamHealth.degradedAbove {
        .degraded
      } else {
        .healthy
      }
    return UpstreamHealth.Report(
      name: name, status: status, responseMilliseconds: responseMilliseconds, lastSuccess: lastSuccess)
  }
}
