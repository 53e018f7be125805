import Dispatch
import Logging
import NIOCore
import Synchronization
import WeirConfiguration
import WeirPolicy
import WeirStore
import WeirThreads

/// What all event loops of a proxy share.
final class ProxyState: Sendable {
  let connections: Allowance
  let inFlight: Allowance
  /// Bytes of request bodies that are held whole.
  let bufferedBytes: Allowance
  let metrics: ProxyMetrics
  /// Where every exchange is noted that is over.
  let ledger: LedgerKeeper
  let feedback: FeedbackDesk
  let log: LogSink
  /// As at the start, like the logger's own: one log has one format. Access lines are of level info.
  let logFormat: LogFormat
  let logsAccess: Bool
  /// As bound at the start.
  let listensOnLoopback: Bool
  let health: UpstreamHealth
  let fileTroubles = FileTroubles()
  /// What the status page shows of the past.
  let history = StatusHistory()
  /// What the steps of the path share between requests.
  let shared: SharedPolicy
  /// The cache's second tier; nil where nothing is shared.
  let fleetCache: FleetCache?
  /// Requests that identical ones may follow.
  let inFlightReplies: InFlightReplies
  let toolChecker: ToolChecker
  /// Nil keeps no audit log.
  let audit: AuditLog?
  let webhook: WebhookDesk
  /// What is shared with other sidecars; nil shares nothing.
  let store: SharedStore?
  /// Nil where circuits are not shared.
  let circuits: SharedCircuits?
  /// Limits and budgets of the fleet; nil where they are this process's own.
  let fleetLimits: FleetLimits?
  let anomalies: AnomalyDesk
  let budgetAlerts: BudgetAlerts
  /// Makes kept replies small, off the event loops.
  let compressor = DispatchQueue(label: "weir.compressor", qos: .utility)
  let logger: Logger
  private let snapshot: Mutex<RuntimeSnapshot>
  private let draining = Atomic<Bool>(false)
  private let handedOver = Atomic<Bool>(false)
  private let cut = Atomic<Int>(0)

  init(
    snapshot: RuntimeSnapshot, metrics: ProxyMetrics, ledger: LedgerKeeper, log: LogSink, logger: Logger,
    store: SharedStore? = nil
  ) throws(ThreadStartError) {
    self.store = store
    let limits = snapshot.configuration.limits
    connections = Allowance(bound: limits.maxConnections)
    inFlight = Allowance(bound: limits.maxInFlight)
    bufferedBytes = Allowance(bound: limits.maxBufferedBytes)
    self.metrics = metrics
    self.ledger = ledger
    feedback = FeedbackDesk(ledger: ledger, metrics: metrics)
    self.log = log
    let logging = snapshot.configuration.logging
    logFormat = logging.format
    listensOnLoopback = snapshot.configuration.listeners.traffic.isLoopback
    logsAccess = [.trace, .debug, .info].contains(logging.level)
    health = UpstreamHealth(names: snapshot.upstreams.map(\.name))
    let shared = SharedPolicy(snapshot.policy)
    self.shared = shared
    let leasePercent = snapshot.configuration.sharedState.leasePercent
    fleetLimits = store.map { FleetLimits(store: $0, book: shared.limits, leasePercent: leasePercent) }
    fleetCache = store.map { store in
      FleetCache(
        store: store, memory: shared.cache,
        seal: snapshot.configuration.sharedState.cacheKey.flatMap { ReplySeal(key: $0.reveal()) },
        metrics: FleetCacheMetrics(metrics.registry))
    }
    let cache = snapshot.policy.cache
    let sharesCircuits = snapshot.configuration.sharedState.sharesCircuits
    circuits = sharesCircuits ? store.map { SharedCircuits(store: $0, attempts: shared.attempts) } : nil
    inFlightReplies = InFlightReplies(InFlightReplies.Bounds(cache), maximumBytes: cache.maximumBytes)
    self.logger = logger
    let configuration = snapshot.configuration
    let audit = try configuration.audit.file.map { path throws(ThreadStartError) in
      try AuditLog(path: path, settings: configuration.audit, logger: logger)
    }
    self.audit = audit
    webhook = WebhookDesk(registry: metrics.registry, settings: configuration.webhook, logger: logger)
    anomalies = AnomalyDesk(
      registry: metrics.registry, knownClients: configuration.clients.map(\.profile.name), logger: logger, audit: audit,
      webhook: webhook)
    budgetAlerts = BudgetAlerts(logger: logger, audit: audit, webhook: webhook)
    AuditLog.register(in: metrics.registry) { audit }
    toolChecker = try ToolChecker { metrics.conversation.record($0, logger: logger) }
    self.snapshot = Mutex(snapshot)
  }

  /// The configuration in effect. Event loops keep a copy of their own; see `LoopContext.snapshot`.
  var current: RuntimeSnapshot { snapshot.withLock { $0 } }

  /// Puts another configuration in effect.
  func replace(_ next: RuntimeSnapshot) {
    snapshot.withLock { $0 = next }
    let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
    for change in shared.follow(next.policy, now: now) { log(change) }
    let cache = next.policy.cache
    inFlightReplies.replace(InFlightReplies.Bounds(cache), maximumBytes: cache.maximumBytes)
    health.follow(next.upstreams.map(\.name))
    audit?.follow(next.configuration.audit)
    webhook.follow(next.configuration.webhook)
    metrics.genAI?.follow(next.configuration.upstreams)
    if store != nil { shared.limits.share(leasePercent: next.configuration.sharedState.leasePercent) }
    let limits = next.configuration.limits
    connections.setBound(limits.maxConnections)
    inFlight.setBound(limits.maxInFlight)
    bufferedBytes.setBound(limits.maxBufferedBytes)
  }

  /// Set once, when the process was asked to end.
  var isDraining: Bool { draining.load(ordering: .relaxed) }
  func startDraining() { draining.store(true, ordering: .relaxed) }

  /// Whether another process of weir has taken the listeners over. This one then serves whoever is still connected, each
  /// until its next reply, which says `connection: close`.
  var isHandedOver: Bool { handedOver.load(ordering: .relaxed) }
  func noteHandOver() {
    handedOver.store(true, ordering: .relaxed)
    audit?.noteHandOver()
  }

  /// Requests that were ended before their time, because the drain time was over.
  var cutRequests: Int { cut.load(ordering: .relaxed) }
  func countCut() { cut.add(1, ordering: .relaxed) }

  /// Somebody will ask when it was; other sidecars are told.
  func log(_ change: CircuitChange) {
    circuits?.tell(change)
    logger.warning(
      "circuit",
      metadata: [
        "upstream": "\(change.key.upstream)", "model": "\(change.key.model)", "from": "\(change.from.label)",
        "to": "\(change.to.label)", "reason": "\(change.reason.rawValue)",
      ])
  }
}
