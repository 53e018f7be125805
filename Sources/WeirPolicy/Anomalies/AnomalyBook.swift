/// The usual traffic of every client, interval by interval. A value without a clock; its owner's thread only.
public struct AnomalyBook: Sendable {
  /// Clients that are watched; beyond these the one that was silent longest is forgotten.
  static let maximumClients = 10_000
  /// After a pause of the process, no more intervals than this are taken as empty.
  private static let maximumCatchUp = 10

  private var watches: [String: ClientWatch] = [:]
  private var intervalEnd: Int64?
  private var interval: Int64 = 0

  /// Nobody is known.
  public init() {}

  /// Adds what came since the last call, and judges.
  ///
  /// - Parameters:
  ///   - traffic: by client.
  ///   - now: nanoseconds of a monotonic clock; call it several times in each `policy.interval`.
  /// - Returns: what departs and has not been raised within the cool-down.
  public mutating func advance(
    _ traffic: [String: ClientTraffic], policy: AnomalyPolicy, now: Int64
  ) -> [Anomaly] {
    // Other intervals hold other numbers of requests: what was learned says nothing of them.
    if interval != policy.interval {
      watches = [:]
      interval = policy.interval
      intervalEnd = nil
    }
    var found: [Anomaly] = []
    let end = intervalEnd ?? now + interval
    if now >= end { closeIntervals(from: end, policy: policy, now: now, into: &found) } else { intervalEnd = end }
    for (client, traffic) in traffic {
      watch(client, now: now) { watch in
        watch.add(traffic, now: now)
        found += watch.judgeEarly(policy, now: now)
      }
    }
    return found.sorted { ($0.client, $0.kind.rawValue) < ($1.client, $1.kind.rawValue) }
  }

  /// How many clients are watched.
  public var clients: Int { watches.count }

  private mutating func closeIntervals(
    from end: Int64, policy: AnomalyPolicy, now: Int64, into found: inout [Anomaly]
  ) {
    let passed = 1 + (now - end) / interval
    for _ in 0..<min(passed, Int64(Self.maximumCatchUp)) {
      for client in watches.keys {
        guard let anomalies = watches[client]?.close(policy, now: now) else { continue }
        found += anomalies
      }
    }
    intervalEnd = end + passed * interval
  }

  private mutating func watch(_ client: String, now: Int64, _ body: (inout ClientWatch) -> Void) {
    if watches[client] == nil {
      if watches.count >= Self.maximumClients,
        let oldest = watches.min(by: { $0.value.lastSeen < $1.value.lastSeen })?.key
      {
        watches[oldest] = nil
      }
    }
    body(&watches[client, default: ClientWatch(client: client, now: now)])
  }
}
