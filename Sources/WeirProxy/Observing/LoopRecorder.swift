import WeirMetrics
import WeirPolicy
import WeirWire

/// Counts exchanges for one event loop, with the series it has used before at hand, so that counting costs a look-up
/// and no lock. Lives on that event loop.
final class LoopRecorder {
  private struct RequestKey: Hashable {
    let endpoint: Endpoint
    let model: String
    let status: Int
    let cache: CacheResult
    let isStream: Bool
    let rollout: String
    let variant: String
  }

  private struct TokenKey: Hashable {
    let model: String
    let variant: String
  }

  // Classes, so that a look-up counts one reference and not one for each series.

  private final class RequestSeries {
    let requests: Counter
    let duration: Histogram

    init(_ metrics: ProxyMetrics, _ key: RequestKey) {
      let endpoint = key.endpoint.rawValue
      requests = metrics.requests.child([
        endpoint, key.model, String(key.status), key.cache.rawValue, key.rollout, key.variant,
      ])
      duration = metrics.requestDuration.child([endpoint, key.model, key.variant, key.isStream ? "true" : "false"])
    }
  }

  private final class TokenSeries {
    let input, output, cached, reasoning: Counter
    let timeToFirstToken, timePerOutputToken, requestTokens, completionTokens: Histogram

    init(_ metrics: ProxyMetrics, _ key: TokenKey) {
      let (model, variant) = (key.model, key.variant)
      input = metrics.tokens.child([model, variant, "input"])
      output = metrics.tokens.child([model, variant, "output"])
      cached = metrics.tokens.child([model, variant, "cached"])
      reasoning = metrics.tokens.child([model, variant, "reasoning"])
      timeToFirstToken = metrics.timeToFirstToken.child([model, variant])
      timePerOutputToken = metrics.spending.timePerOutputToken.child([model, variant])
      requestTokens = metrics.spending.requestTokens.child([model])
      completionTokens = metrics.spending.completionTokens.child([model])
    }
  }

  private struct ModelKey: Hashable {
    let model: String
    let variant: String
    /// The client, or the finish reason.
    let detail: String
  }

  private struct AttemptKey: Hashable {
    let upstream: String
    /// Nil where no reply came.
    let status: Int?
  }

  private struct CostSeries {
    let cost, baseline, pricedBaseline: Counter
  }

  private struct UpstreamSeries {
    let duration: Histogram
    let reused, opened: Counter
  }

  private let metrics: ProxyMetrics
  private let history: StatusHistory
  /// Nil where those metrics are off.
  private let genAI: LoopGenAIRecorder?
  private var modelLabels = SeriesCache<String, String>()
  private var requests = SeriesCache<RequestKey, RequestSeries>()
  private var tokens = SeriesCache<TokenKey, TokenSeries>()
  private var costs = SeriesCache<ModelKey, CostSeries>()
  private var replies = SeriesCache<ModelKey, Counter>()
  private var upstreams = SeriesCache<String, UpstreamSeries>()
  private var attempts = SeriesCache<AttemptKey, Counter>()
  private var overheads = SeriesCache<Endpoint, Histogram>()
  private var savings = SeriesCache<String, Counter>()

  init(metrics: ProxyMetrics, history: StatusHistory) {
    self.metrics = metrics
    self.history = history
    genAI = metrics.genAI.map(LoopGenAIRecorder.init)
  }

  /// The one place where an exchange is counted.
  ///
  /// - Parameter wall: when it ended.
  func record(_ exchange: Exchange, firstContentAt: Int64?, wall: WallTime) {
    let model = label(exchange.model?.upstreamID ?? "none")
    let variant = exchange.assignment?.variant ?? "none"
    let endedAt = exchange.endedAt ?? exchange.receivedAt
    let series = requestSeries(
      RequestKey(
        endpoint: exchange.endpoint, model: model, status: exchange.status ?? 0, cache: exchange.cacheResult,
        isStream: exchange.isStream, rollout: exchange.assignment?.rollout ?? "none", variant: variant))
    series.requests.increment()
    if exchange.endpoint.readsBody { metrics.cache.record(exchange.cacheResult) }
    series.duration.observe(seconds(endedAt - exchange.receivedAt), requestID: exchange.requestID, time: wall.seconds)
    if let admittedAt = exchange.admittedAt, let sentAt = exchange.firstSentAt {
      overhead(of: exchange.endpoint).observe(seconds(sentAt - admittedAt))
    }
    if case .clientLeft(let phase) = exchange.ending {
      metrics.clientDisconnects.child([exchange.endpoint.rawValue, phase.rawValue]).increment()
    }
    history.record(
      FinishedRequest(exchange, model: model, firstContentAt: firstContentAt),
      second: Int64(wall.wholeSeconds))
    recordError(exchange, model: model)
    recordTokens(
      exchange, key: TokenKey(model: model, variant: variant), firstContentAt: firstContentAt, wall: wall.seconds)
    if exchange.ending == .complete, exchange.status == 200, let reading = exchange.reading, reading.error == nil {
      recordHealth(ConversationHealth(reading), model: model, variant: variant)
    }
    recordCost(exchange, model: model, variant: variant)
    metrics.spending.recordLimits(exchange)
    recordRouting(exchange, model: model)
    genAI?.record(exchange, model: model, firstContentAt: firstContentAt)
  }

  private func recordRouting(_ exchange: Exchange, model: String) {
    if let assignment = exchange.assignment {
      let sticky = assignment.isSticky ? "true" : "false"
      metrics.assignments.child([assignment.rollout, assignment.variant, sticky]).increment()
    }
    if let from = exchange.fallbackFrom, let reason = exchange.fallbackReason {
      metrics.fallbacks.child([label(from), model, reason.label]).increment()
    }
    for finding in exchange.screening?.findings ?? [] {
      metrics.screening.child([finding.rule, finding.action]).increment()
    }
    for attempt in exchange.trail where attempt.wasRetried {
      metrics.retries.child([label(attempt.model ?? "none"), attempt.failure?.label ?? "none"]).increment()
    }
  }

  /// An attempt ended. `status` is nil where no reply came.
  func recordAttempt(upstream: String, status: Int?, duration: Int64, reusedConnection: Bool?) {
    let series = upstreamSeries(upstream)
    series.duration.observe(seconds(duration))
    if let reusedConnection { (reusedConnection ? series.reused : series.opened).increment() }
    attempts.series(AttemptKey(upstream: upstream, status: status)) { [metrics] key in
      metrics.upstreamRequests.child([key.upstream, key.status.map(String.init) ?? "none"])
    }.increment()
  }

  private func recordError(_ exchange: Exchange, model: String) {
    guard let type = exchange.errorType else { return }
    metrics.errors.child([model, exchange.upstream ?? "none", type]).increment()
  }

  /// The counters have what the ledger's row has, estimates among it; the histograms only what upstreams reported.
  private func recordTokens(_ exchange: Exchange, key: TokenKey, firstContentAt: Int64?, wall: Double) {
    if let metered = exchange.metered { metrics.spending.record(metered.state) }
    guard firstContentAt != nil || exchange.metered != nil else { return }
    let series = tokenSeries(key)
    if let metered = exchange.metered {
      if let input = metered.input { series.input.increment(by: Double(input)) }
      if let output = metered.output { series.output.increment(by: Double(output)) }
      if let cached = metered.cached, cached > 0 { series.cached.increment(by: Double(cached)) }
      if let reasoning = metered.reasoning, reasoning > 0 { series.reasoning.increment(by: Double(reasoning)) }
    }
    let reported = exchange.metered.flatMap { $0.state == .reported ? $0.counts : nil }
    if let reported {
      series.requestTokens.observe(Double(reported.input))
      series.completionTokens.observe(Double(reported.output))
    }
    if exchange.isStream, let firstContentAt, let admittedAt = exchange.admittedAt {
      series.timeToFirstToken.observe(
        seconds(firstContentAt - admittedAt), requestID: exchange.requestID, time: wall)
      if let output = reported?.output, output > 1, let endedAt = exchange.endedAt {
        series.timePerOutputToken.observe(seconds(endedAt - firstContentAt) / Double(output - 1))
      }
    }
  }

  private func recordHealth(_ health: ConversationHealth, model: String, variant: String) {
    let key = ModelKey(model: model, variant: variant, detail: health.finishReason)
    replies.series(key) { [metrics] key in
      metrics.conversation.replies(model: key.model, variant: key.variant, finishReason: key.detail)
    }.increment()
    if !health.anomalies.isEmpty { metrics.conversation.record(health.anomalies, model: model, variant: variant) }
  }

  private func recordCost(_ exchange: Exchange, model: String, variant: String) {
    guard let cost = exchange.cost else { return }
    let series = costs.series(ModelKey(model: model, variant: variant, detail: exchange.client)) { [metrics] key in
      let labels = [key.model, key.variant, key.detail]
      return CostSeries(
        cost: metrics.spending.cost.child(labels), baseline: metrics.spending.baselineCost.child(labels),
        pricedBaseline: metrics.spending.pricedBaselineCost.child(labels))
    }
    if let usd = cost.usd { series.cost.increment(by: usd) }
    if let saved = exchange.savedUSD { savedUSD(model).increment(by: saved) }
    if let baseline = cost.baselineUSD {
      series.baseline.increment(by: baseline)
      // What nobody knows the price of has not saved its whole baseline.
      if cost.usd != nil { series.pricedBaseline.increment(by: baseline) }
    }
  }

  // MARK: Series

  private func label(_ model: String) -> String {
    modelLabels.series(model) { [metrics] in metrics.label(model: $0) }
  }

  private func requestSeries(_ key: RequestKey) -> RequestSeries {
    requests.series(key) { [metrics] key in RequestSeries(metrics, key) }
  }

  private func tokenSeries(_ key: TokenKey) -> TokenSeries {
    tokens.series(key) { [metrics] key in TokenSeries(metrics, key) }
  }

  private func upstreamSeries(_ name: String) -> UpstreamSeries {
    upstreams.series(name) { [metrics] name in
      UpstreamSeries(
        duration: metrics.upstreamDuration.child([name]),
        reused: metrics.upstreamConnections.child([name, "true"]),
        opened: metrics.upstreamConnections.child([name, "false"]))
    }
  }

  private func savedUSD(_ model: String) -> Counter {
    savings.series(model) { [metrics] in metrics.cache.savedUSD.child([$0]) }
  }

  private func overhead(of endpoint: Endpoint) -> Histogram {
    overheads.series(endpoint) { [metrics] in metrics.overhead.child([$0.rawValue]) }
  }

  private func seconds(_ nanoseconds: Int64) -> Double { Double(max(nanoseconds, 0)) / 1e9 }
}
