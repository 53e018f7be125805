/// Finds the target that a request goes to now: the first of its plan that takes requests.
enum ChooseTarget {
  /// - Throws: the refusal where none does.
  static func choose(
    _ exchange: Exchange, from index: Int, shared: SharedPolicy, now: Int64
  ) throws(Refusal) -> Int {
    if exchange.attempts == 0 { shared.attempts.countRequest(now: now) }
    let place: Int
    let rest: CircuitRest?
    exchange.circuitChange = nil
    switch shared.attempts.choose(exchange.plan, from: index, now: now) {
    case .target(let index, let passedOver):
      (place, rest) = (index, passedOver)
      exchange.isProbe = false
    case .probe(let index, let change, let passedOver):
      (place, rest) = (index, passedOver)
      exchange.isProbe = true
      exchange.circuitChange = change
    case .none(let rest): throw JudgeAttempt.refusal(rest, now: now)
    }
    if let rest { note(rest.failure, from: index, to: place, in: exchange) }
    if place != exchange.targetIndex { exchange.retries = 0 }
    exchange.targetIndex = place
    return place
  }

  /// Remembers the model that another one stands in for, for the headers and the metric.
  static func note(_ failure: AttemptFailure, from: Int, to: Int, in exchange: Exchange) {
    guard let before = exchange.plan.target(from)?.model, let after = exchange.plan.target(to)?.model,
      before.upstreamID != after.upstreamID, exchange.fallbackFrom == nil
    else { return }
    exchange.fallbackFrom = before.upstreamID
    exchange.fallbackReason = FallbackReason(label: failure.label)
  }
}

extension CircuitRest {
  fileprivate var failure: AttemptFailure {
    switch self {
    case .open: .circuitOpen
    case .paused: .paused
    }
  }
}
