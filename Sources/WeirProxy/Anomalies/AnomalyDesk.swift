import Logging
import NIOCore
import Synchronization
import WeirConfiguration
import WeirMetrics
import WeirPolicy

/// Watches clients' traffic and tells of what departs from the usual: in the metric, the log, the audit log, the webhook
/// and on the status page. Its own task looks a few times in each interval; event loops only add up.
final class AnomalyDesk: Sendable {
  /// One that was raised.
  struct Raised: Sendable {
    let anomaly: Anomaly
    /// Seconds since 1970.
    let second: Int64
  }

  private static let shown = 20

  private let counter: CounterFamily
  private let logger: Logger
  private let audit: AuditLog?
  private let webhook: WebhookDesk
  private let loops = Mutex<[LoopTraffic]>([])
  private let book = Mutex(AnomalyBook())
  private let labels: Mutex<BoundedLabel>
  /// Clients whose series are there: one that begins with its first anomaly would never be seen to rise.
  private let announced = Mutex<Set<String>>([])
  private let latest = Mutex<[Raised]>([])

  init(
    registry: MetricsRegistry, knownClients: [String], logger: Logger, audit: AuditLog?, webhook: WebhookDesk
  ) {
    counter = registry.counter(
      "weir_anomalies_total", help: "Departures of a client's traffic from what it usually is, by kind.",
      labels: ["kind", "client"])
    labels = Mutex(BoundedLabel(known: Set(knownClients).union([ClientDirectory.anonymous])))
    self.logger = logger
    self.audit = audit
    self.webhook = webhook
  }

  /// Where an event loop adds up.
  func makeLoopTraffic() -> LoopTraffic {
    let traffic = LoopTraffic()
    loops.withLock { $0.append(traffic) }
    return traffic
  }

  /// The newest first.
  var newestFirst: [Raised] { latest.withLock { $0.reversed() } }

  /// Until the task is cancelled.
  ///
  /// - Parameter policy: what is in effect.
  func run(policy: @Sendable () -> AnomalyPolicy) async {
    while !Task.isCancelled {
      let policy = policy()
      try? await Task.sleep(for: .nanoseconds(max(policy.interval / 20, 50_000_000)))
      guard policy.isEnabled else { continue }
      look(policy, now: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }
  }

  /// Takes what the event loops added up, and judges it.
  func look(_ policy: AnomalyPolicy, now: Int64) {
    var traffic: [String: ClientTraffic] = [:]
    for loop in loops.withLock({ $0 }) {
      traffic.merge(loop.take()) { left, right in left + right }
    }
    for client in traffic.keys where announced.withLock({ $0.insert(client).inserted }) { announce(client) }
    for anomaly in book.withLock({ $0.advance(traffic, policy: policy, now: now) }) { raise(anomaly) }
  }

  private func announce(_ client: String) {
    let label = labels.withLock { $0.admit(client) }
    for kind in AnomalyKind.allCases { _ = counter.child([kind.rawValue, label]) }
  }

  private func raise(_ anomaly: Anomaly) {
    let client = labels.withLock { $0.admit(anomaly.client) }
    counter.child([anomaly.kind.rawValue, client]).increment()
    latest.withLock { latest in
      latest.append(Raised(anomaly: anomaly, second: WallClock.wholeSeconds()))
      if latest.count > Self.shown { latest.removeFirst() }
    }
    logger.warning(
      "anomaly",
      metadata: [
        "kind": "\(anomaly.kind.rawValue)", "client": "\(anomaly.client)", "value": "\(Self.rounded(anomaly.value))",
        "expected": "\(Self.rounded(anomaly.expected))", "score": "\(Self.rounded(anomaly.score))",
      ])
    var notice = WebhookNotice(.anomaly)
    anomaly.add(to: &notice.line)
    webhook.send(notice)
    guard let audit else { return }
    audit.record(
      AuditEvent(.anomaly).with("client", anomaly.client).with("kind", anomaly.kind.rawValue)
        .with("value", json: Self.number(anomaly.value)).with("expected", json: Self.number(anomaly.expected)))
  }

  /// Four digits behind the point are more than anybody needs.
  static func rounded(_ value: Double) -> Double {
    value.isFinite ? (value * 10_000).rounded() / 10_000 : 0
  }

  static func number(_ value: Double) -> [UInt8] { Array("\(rounded(value))".utf8) }
}

extension Anomaly {
  /// The members that tell of it, everywhere the same.
  func add(to line: inout JSONLine) {
    line.add("kind", kind.rawValue)
    line.add("client", client)
    line.add("value", json: AnomalyDesk.number(value))
    line.add("expected", json: AnomalyDesk.number(expected))
    line.add("score", json: AnomalyDesk.number(score))
  }
}
