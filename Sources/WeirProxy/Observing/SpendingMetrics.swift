import WeirMetrics
import WeirPolicy

/// The families of what requests use, cost and are refused for. Event loops count through `LoopRecorder`.
final class SpendingMetrics: Sendable {
  let rateLimited: CounterFamily
  let softBudgets: CounterFamily
  let estimateErrors: CounterFamily
  let cost: CounterFamily
  let baselineCost: CounterFamily
  let pricedBaselineCost: CounterFamily
  let requestTokens: HistogramFamily
  let completionTokens: HistogramFamily
  let timePerOutputToken: HistogramFamily
  private let reported, estimated, unknown: Counter

  init(_ registry: MetricsRegistry) {
    rateLimited = registry.counter(
      "weir_rate_limited_total", help: "Requests that a limit or a hard budget refused.", labels: ["limit", "client"])
    softBudgets = registry.counter(
      "weir_soft_budget_exceeded_total", help: "Requests served although a soft budget was used up.",
      labels: ["limit", "client"])
    estimateErrors = registry.counter(
      "weir_token_estimate_error_tokens_total",
      help: "Tokens that requests used beyond (under) or short of (over) what they were estimated to use.",
      labels: ["direction"])
    cost = registry.counter(
      "weir_cost_usd_total",
      help: "What requests cost in US dollars, by the upstream's figure or else the catalog's; estimated tokens too.",
      labels: ["model", "variant", "client"])
    baselineCost = registry.counter(
      "weir_baseline_cost_usd_total",
      help: "What the baseline model would have cost for the same tokens, those of kept replies too.",
      labels: ["model", "variant", "client"])
    pricedBaselineCost = registry.counter(
      "weir_priced_baseline_cost_usd_total",
      help: "The part of the baseline's cost that requests have whose own cost is known; savings are measured by it.",
      labels: ["model", "variant", "client"])
    let usage = registry.counter(
      "weir_usage_total", help: "Requests that upstreams worked on, by who says what they used.", labels: ["state"])
    reported = usage.child([MeteredUsage.State.reported.rawValue])
    estimated = usage.child([MeteredUsage.State.estimated.rawValue])
    unknown = usage.child([MeteredUsage.State.unknown.rawValue])
    requestTokens = registry.histogram(
      "weir_request_tokens", help: "Prompt tokens of a request.", labels: ["model"], buckets: Buckets.tokens)
    completionTokens = registry.histogram(
      "weir_completion_tokens", help: "Completion tokens of a reply.", labels: ["model"], buckets: Buckets.tokens)
    timePerOutputToken = registry.histogram(
      "weir_time_per_output_token_seconds", help: "From a stream's first content to its end, for each later token.",
      labels: ["model", "variant"], buckets: Buckets.perTokenSeconds)
  }

  func record(_ state: MeteredUsage.State) {
    switch state {
    case .reported: reported.increment()
    case .estimated: estimated.increment()
    case .unknown: unknown.increment()
    }
  }

  /// Counts what is rare: refusals by limits, budgets that are used up, estimates that were wrong.
  func recordLimits(_ exchange: Exchange) {
    if let limit = exchange.refusal?.limit { rateLimited.child([limit, exchange.client]).increment() }
    for budget in exchange.usedUpBudgets { softBudgets.child([budget, exchange.client]).increment() }
    guard let error = exchange.settlement.estimateError, error != 0 else { return }
    estimateErrors.child([error > 0 ? "under" : "over"]).increment(by: Double(error.magnitude))
  }
}
