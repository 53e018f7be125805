/// Why the store gave no answer that can be used.
public enum StoreFailure: Error, Sendable, Equatable {
  /// Nothing was sent: there is no connection that takes calls. It has had no effect.
  case down
  /// Nothing was sent: too many calls, or too many bytes of them, wait already. It has had no effect.
  case full
  /// The answer was not there in time. The call may have had an effect, or will have.
  case late
  /// The connection ended before the answer. The call may have had an effect.
  case broken
  /// The store's error, as it says it: a wrong type, a script's error, no memory. Never for a log: it may quote the call.
  case refused(String)
  /// The answer was beyond the bound of a reply; the connection was closed. The call has had its effect.
  case tooLarge

  /// What metrics call it.
  public var label: String {
    switch self {
    case .down: "down"
    case .full: "full"
    case .late: "late"
    case .broken: "broken"
    case .refused: "refused"
    case .tooLarge: "too_large"
    }
  }

  /// The label, and of a store's error its first word, which quotes nothing: for a log.
  public var code: String {
    if case .refused(let text) = self { StoreTrouble.code(of: text) } else { label }
  }

  /// Whether it is the store's error of a moment in which it takes no writes at all (no memory, a replica, reading its
  /// data): of this call it has done nothing, and it would have refused any other. A script that has written once is not
  /// refused any more.
  public var isOfTheStore: Bool {
    if case .refused(let text) = self { StoreTrouble.concernsAll(text) } else { false }
  }

  /// Every label, for metrics.
  public static let labels = ["down", "full", "late", "broken", "refused", "too_large"]
}

/// What a call is for; metrics are kept by it.
public enum StoreOperation: String, Sendable, CaseIterable {
  /// The sign of life, each second.
  case heartbeat
  /// Admission by limits and budgets.
  case admit
  /// What requests used in the end.
  case settle
  /// Permits taken ahead.
  case lease
  /// A look into the cache.
  case cacheRead = "cache_read"
  /// A reply to be kept.
  case cacheWrite = "cache_write"
  /// Rollouts and the kill switch.
  case rollouts
  /// States of circuits.
  case circuits
}

/// Which connection a call takes: a large value must not stand in the way of a decision.
public enum StoreLane: Int, Sendable, CaseIterable {
  /// Short calls that requests wait for.
  case decisions
  /// Values of the cache.
  case bulk
}
