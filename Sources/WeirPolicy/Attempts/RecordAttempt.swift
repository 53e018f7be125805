/// Tells all requests what an attempt says of its upstream, and puts it into the request's record.
enum RecordAttempt {
  static func record(
    _ exchange: Exchange, report: AttemptReport, policy: PolicySnapshot, shared: SharedPolicy, now: Int64
  ) {
    guard let target = exchange.attemptAtHand else { return }
    let circuit = policy.resilience.circuit
    exchange.circuitChange = shared.attempts.record(
      target.key, report.circuitOutcome(circuit), wasProbe: exchange.isProbe,
      pause: circuit.isEnabled ? report.pause : nil, now: now)
    exchange.isProbe = false
    append(to: exchange, target, failure: AttemptFailure.of(report), now: now)
  }

  /// A probe has brought output: the others need not wait for its end.
  static func probeWorks(_ exchange: Exchange, shared: SharedPolicy, now: Int64) {
    guard exchange.isProbe, let target = exchange.attemptAtHand else { return }
    exchange.isProbe = false
    exchange.circuitChange = shared.attempts.record(target.key, .success, wasProbe: true, now: now)
  }

  /// The attempt ends before anything is known.
  static func abandon(_ exchange: Exchange, shared: SharedPolicy, now: Int64) {
    guard let target = exchange.attemptAtHand else { return }
    if exchange.isProbe { shared.attempts.abandonProbe(target.key) }
    exchange.isProbe = false
    append(to: exchange, target, failure: nil, now: now)
  }

  /// The attempt is not made after all.
  static func withdraw(_ exchange: Exchange, at place: Int, shared: SharedPolicy) {
    if exchange.isProbe, let target = exchange.plan.target(place) { shared.attempts.abandonProbe(target.key) }
    exchange.isProbe = false
  }

  private static func append(
    to exchange: Exchange, _ target: AttemptTarget, failure: AttemptFailure?, now: Int64
  ) {
    exchange.trail.append(
      AttemptRecord(
        upstream: target.key.upstream, model: exchange.sentModel,
        status: exchange.repliedAt == nil ? nil : exchange.status, failure: failure,
        sentAt: exchange.sentAt ?? now, endedAt: now))
  }
}

extension Exchange {
  /// The target of the attempt that is not over yet; each attempt is recorded once.
  fileprivate var attemptAtHand: AttemptTarget? { trail.count < attempts ? plan.target(targetIndex) : nil }
}
