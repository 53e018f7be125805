import NIOCore
import Synchronization
import WeirConfiguration
public import WeirMetrics
import WeirPolicy

/// The metric families of the proxy (INTERFACE.md, "Metrics"). Any thread may use it; event loops go through
/// `LoopRecorder`, which keeps the series they need at hand.
public final class ProxyMetrics: Sendable {
  /// What `/metrics` shows.
  public let registry: MetricsRegistry
  let requests: CounterFamily
  let requestDuration: HistogramFamily
  let timeToFirstToken: HistogramFamily
  let overhead: HistogramFamily
  let tokens: CounterFamily
  let errors: CounterFamily
  let upstreamConnections: CounterFamily
  let upstreamRequests: CounterFamily
  let upstreamDuration: HistogramFamily
  let clientDisconnects: CounterFamily
  let assignments: CounterFamily
  let fallbacks: CounterFamily
  let retries: CounterFamily
  let screening: CounterFamily
  let spending: SpendingMetrics
  let cache: CacheMetrics
  let conversation: ConversationMetrics
  /// Nil where those are off.
  let genAI: GenAIMetrics?
  /// How many models have a series of their own whatever clients ask for.
  let knownModels: Int
  private let modelLabels: Mutex<BoundedLabel>

  /// `knownModels` always get a series of their own. `genAIUpstreams` are those of the metrics of OpenTelemetry's
  /// conventions; nil leaves these out.
  init(
    registry: MetricsRegistry = MetricsRegistry(), knownModels: Set<String>,
    genAIUpstreams: [Configuration.NamedUpstream]? = nil
  ) {
    self.registry = registry
    self.knownModels = knownModels.count
    genAI = genAIUpstreams.map { GenAIMetrics(registry, upstreams: $0) }
    modelLabels = Mutex(BoundedLabel(known: knownModels))
    requests = registry.counter(
      "weir_requests_total", help: "Requests answered, by what came of them.",
      labels: ["endpoint", "model", "status", "cache", "rollout", "variant"])
    requestDuration = registry.histogram(
      "weir_request_duration_seconds", help: "From a request's head to the last byte of its reply.",
      labels: ["endpoint", "model", "variant", "stream"], buckets: Buckets.llmSeconds)
    timeToFirstToken = registry.histogram(
      "weir_time_to_first_token_seconds", help: "From a streaming request's body to the first content of its reply.",
      labels: ["model", "variant"], buckets: Buckets.llmSeconds)
    overhead = registry.histogram(
      "weir_overhead_seconds", help: "Time that weir itself added before the request left for the upstream.",
      labels: ["endpoint"], buckets: Buckets.overheadSeconds)
    tokens = registry.counter(
      "weir_tokens_total",
      help: "Tokens that upstreams reported, or else weir's estimate; cached ones are part of input.",
      labels: ["model", "variant", "type"])
    errors = registry.counter(
      "weir_errors_total", help: "Errors made by weir, and error replies of upstreams as upstream_STATUS.",
      labels: ["model", "upstream", "error_type"])
    upstreamConnections = registry.counter(
      "weir_upstream_connections_total", help: "Upstream requests by whether their connection was reused.",
      labels: ["upstream", "reused"])
    upstreamRequests = registry.counter(
      "weir_upstream_requests_total",
      help: "Requests sent upstream, but for those whose client left; status is none where no reply came.",
      labels: ["upstream", "status"])
    upstreamDuration = registry.histogram(
      "weir_upstream_duration_seconds", help: "From sending a request upstream to the last byte of the reply.",
      labels: ["upstream"], buckets: Buckets.llmSeconds)
    assignments = registry.counter(
      "weir_rollout_assignments_total",
      help: "Requests by the variant that served them; sticky is false where no user was known.",
      labels: ["rollout", "variant", "sticky"])
    fallbacks = registry.counter(
      "weir_fallbacks_total", help: "Requests that went to another model than the one they were for, by reason.",
      labels: ["from", "to", "reason"])
    retries = registry.counter(
      "weir_retries_total", help: "Attempts made again on the same model, by what the one before came to.",
      labels: ["model", "reason"])
    screening = registry.counter(
      "weir_screening_total", help: "Requests in which a rule of screening found something, by what came of it.",
      labels: ["rule", "action"])
    spending = SpendingMetrics(registry)
    cache = CacheMetrics(registry)
    conversation = ConversationMetrics(registry)
    clientDisconnects = registry.counter(
      "weir_client_disconnects_total", help: "Clients that left before their reply was complete, by phase.",
      labels: ["endpoint", "phase"])
  }

  /// The label for a model: its own while there is room, else `other`.
  func label(model: String) -> String { modelLabels.withLock { $0.admit(model) } }

  /// Gauges that are read when somebody scrapes.
  func observe(_ state: ProxyState, version: String) {
    registry.observed("weir_in_flight_requests", help: "Requests between head and end.", kind: .gauge) {
      [unowned state] in [(labels: [], value: Double(state.inFlight.inUse))]
    }
    registry.observed("weir_open_connections", help: "Open client connections.", kind: .gauge) {
      [unowned state] in [(labels: [], value: Double(state.connections.inUse))]
    }
    registry.observed("weir_buffered_bytes", help: "Bytes of request bodies held in memory.", kind: .gauge) {
      [unowned state] in [(labels: [], value: Double(state.bufferedBytes.inUse))]
    }
    registry.observed("weir_log_lines_dropped_total", help: "Log lines that did not fit.", kind: .counter) {
      [unowned state] in [(labels: [], value: Double(state.log.droppedLines))]
    }
    registry.observed(
      "weir_file_failing", help: "1 while a file that must not be lost cannot be written.", kind: .gauge,
      labels: ["file"]
    ) { [unowned state] in
      state.filesWritten.map { (labels: ["\($0.name)"], value: $0.problem == nil ? 0 : 1) }
    }
    registry.observed(
      "weir_rollout_percent", help: "Share of users whom a rollout moves, 0 while it is off.", kind: .gauge,
      labels: ["rollout"]
    ) { [unowned state] in
      state.current.policy.rollouts.shares.map { (labels: [$0.name], value: Double($0.hundredths) / 100) }
    }
    registry.observed(
      "weir_circuit_state", help: "Whether a model of an upstream is asked: 0 closed, 1 half-open, 2 open.",
      kind: .gauge,
      labels: ["upstream", "model"]
    ) { [unowned state] in
      let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
      return CircuitRows.worst(of: state.shared.attempts.states(now: now)) { state.metrics.label(model: $0) }
    }
    registry.observed(
      "weir_budget_remaining_usd", help: "What is left of a client's tightest budget in money.", kind: .gauge,
      labels: ["client"]
    ) { [unowned state] in
      state.shared.limits.remainingBudgets(wall: WallClock.wholeSeconds()).map { (labels: [$0.client], value: $0.usd) }
    }
    registry.observed(
      "weir_build_info", help: "Always 1; the labels tell which build runs.", kind: .gauge, labels: ["version"]
    ) { [(labels: [version], value: 1)] }
    CacheMetrics.observe(state)
    ProcessMetrics.register(in: registry)
  }
}
