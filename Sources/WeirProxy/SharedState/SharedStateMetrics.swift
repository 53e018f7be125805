import Logging
import Synchronization
import WeirMetrics
import WeirStore

/// Counts and logs what becomes of the store that sidecars share. Any thread may use it.
final class SharedStateMetrics: StoreObserver {
  private let logger: Logger
  private let durations: [StoreOperation: Histogram]
  private let fallbacks: [StoreOperation: [String: Counter]]
  /// Errors to single calls that were logged, by operation, with the second of it.
  private let refusals = Mutex<[StoreOperation: Double]>([:])

  /// A store that refuses every call of a kind is one line in so many seconds.
  private static let refusalInterval = 60.0

  init(_ registry: MetricsRegistry, logger: Logger) {
    self.logger = logger
    let durations = registry.histogram(
      "weir_shared_state_duration_seconds", help: "From a call of the shared store to its answer, or to its giving up.",
      labels: ["operation"], buckets: Buckets.overheadSeconds)
    let fallbacks = registry.counter(
      "weir_shared_state_fallbacks_total", help: "Calls that local state had to answer for, by why the store did not.",
      labels: ["operation", "reason"])
    let operations = StoreOperation.allCases
    self.durations = Dictionary(uniqueKeysWithValues: operations.map { ($0, durations.child([$0.rawValue])) })
    self.fallbacks = Dictionary(
      uniqueKeysWithValues: operations.map { operation in
        let counters = StoreFailure.labels.map { ($0, fallbacks.child([operation.rawValue, $0])) }
        return (operation, Dictionary(uniqueKeysWithValues: counters))
      })
  }

  /// What is read when somebody scrapes.
  static func observe(_ store: SharedStore, in registry: MetricsRegistry) {
    registry.observed(
      "weir_shared_state_up", help: "Whether the shared store takes calls; without it limits are this sidecar's share.",
      kind: .gauge
    ) { [unowned store] in [(labels: [], value: store.isUp ? 1 : 0)] }
    registry.observed(
      "weir_shared_state_sidecars", help: "Sidecars that share, as last known; at least 1.", kind: .gauge
    ) { [unowned store] in [(labels: [], value: Double(store.fleetSize))] }
  }

  func finished(_ operation: StoreOperation, after seconds: Double, failure: StoreFailure?) {
    guard let failure else {
      durations[operation]?.observe(seconds)
      return
    }
    // What was not sent says nothing about the store's speed.
    if failure != .down, failure != .full { durations[operation]?.observe(seconds) }
    fallbacks[operation]?[failure.label]?.increment()
    if case .refused = failure, isDue(operation) {
      logger.warning(
        "shared state: the store refuses a call",
        metadata: ["operation": "\(operation.rawValue)", "reason": "\(failure.code)"])
    }
  }

  func changed(isUp: Bool, reason: String) {
    if isUp {
      logger.notice("shared state", metadata: ["state": "up"])
    } else {
      logger.warning("shared state", metadata: ["state": "down", "reason": "\(reason)"])
    }
  }

  private func isDue(_ operation: StoreOperation) -> Bool {
    let now = WallClock.seconds()
    return refusals.withLock { refusals in
      if let last = refusals[operation], now - last < Self.refusalInterval, now >= last { return false }
      refusals[operation] = now
      return true
    }
  }
}
