/// What the steps of `RequestPath` share between requests: counts and states, each behind a lock of its own that is held
/// for moments. It outlives configurations; a new one is put in by `follow`.
public struct SharedPolicy: Sendable {
  /// Circuits, pauses and the budget of retries.
  public let attempts: AttemptBook
  /// What was asked and spent.
  public let limits: LimitBook

  /// Nothing has happened yet.
  public init(_ policy: PolicySnapshot) {
    attempts = AttemptBook(policy.resilience)
    limits = LimitBook(policy.limits)
  }

  /// Another configuration is in effect.
  ///
  /// - Returns: circuits that it switched off.
  public func follow(_ policy: PolicySnapshot) -> [CircuitChange] {
    limits.replace(policy.limits)
    return attempts.replace(policy.resilience)
  }
}
