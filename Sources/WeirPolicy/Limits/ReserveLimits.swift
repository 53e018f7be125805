public import WeirWire

/// Takes what a request needs of the limits and budgets that cover it.
enum ReserveLimits {
  /// A model without a known price counts at the baseline's, so that a budget in money holds for it too.
  ///
  /// - Parameters:
  ///   - envelope: nil for a request whose body nobody reads; it counts as a request, and for no tokens.
  ///   - census: what the body is made of; asked only where a rule looks at tokens or money.
  static func reserve(
    _ exchange: Exchange, envelope: Envelope?, policy: PolicySnapshot, shared: SharedPolicy, now: Int64,
    wall: Int64, census: () -> BodyCensus, memberText: (Range<Int>) -> String
  ) throws(Refusal) -> LimitLease {
    let subject = LimitSubject(exchange, envelope: envelope, models: policy.models)
    var estimate = TokenEstimate.none
    var prices: ModelPrices?
    if shared.limits.needsEstimate { prices = policy.prices.prices(of: exchange) ?? policy.baseline }
    if shared.limits.needsEstimate, let envelope {
      estimate = TokenEstimate(
        census(), requestedOutput: exchange.endpoint == .embeddings ? 0 : exchange.outputBound,
        averageOutput: shared.limits.averageOutput(of: subject.model),
        choices: CapOutput.choices(envelope, endpoint: exchange.endpoint, memberText))
      notePlace(in: &estimate, exchange, envelope: envelope, policy: policy, memberText: memberText)
      exchange.estimate = estimate
    }
    let lease = try shared.limits.admit(subject, estimate: estimate, prices: prices, now: now, wall: wall)
    exchange.rateLimits = lease.rateLimits
    exchange.usedUpBudgets = lease.softBudgetsUsedUp
    exchange.outputCap = lease.outputCap
    return lease
  }

  /// The request goes to another target than the one that it was reserved for: to a model of other prices, with the
  /// output bound that its rules and defaults make of the request, or with none. What was expected of it, and what rate
  /// limits hold, stays.
  ///
  /// - Throws: the refusal where a hard budget does not allow it; the lease then holds what it held.
  static func reserveAnew(
    _ exchange: Exchange, lease: inout LimitLease?, envelope: Envelope, policy: PolicySnapshot, wall: Int64,
    memberText: (Range<Int>) -> String
  ) throws(Refusal) {
    guard var estimate = exchange.estimate else { return }
    estimate.isBound(to: exchange.endpoint == .embeddings ? 0 : exchange.outputBound)
    notePlace(in: &estimate, exchange, envelope: envelope, policy: policy, memberText: memberText)
    try lease?.reserveAnew(estimate, policy.prices.prices(of: exchange) ?? policy.baseline, wall: wall)
    exchange.estimate = estimate
    exchange.outputCap = lease?.outputCap
  }

  /// Notes where the model that the request is aimed at leaves no place for an output bound.
  private static func notePlace(
    in estimate: inout TokenEstimate, _ exchange: Exchange, envelope: Envelope, policy: PolicySnapshot,
    memberText: (Range<Int>) -> String
  ) {
    let rules = policy.bodyRules.rules(for: exchange.model)?.parameters ?? []
    guard estimate.outputBound == nil, CapOutput.places(exchange, envelope: envelope, rules: rules).isEmpty else {
      return
    }
    estimate.isHeldToNoBound(asked: CapOutput.asked(envelope, endpoint: exchange.endpoint, memberText))
  }
}

extension LimitSubject {
  /// A request without a model of its own goes by the first of its list.
  ///
  /// - Parameter envelope: nil for a request whose body nobody reads.
  public init(_ exchange: Exchange, envelope: Envelope?, models: ModelCatalog) {
    let listed = envelope?.models.map { models.resolve($0.value).upstreamID } ?? []
    self.init(
      client: exchange.client, user: exchange.user, model: exchange.sentModel ?? listed.first ?? "", others: listed)
  }
}
