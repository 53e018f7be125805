/// What the steps of `RequestPath` share between requests: counts and states, each behind a lock of its own that is held
/// for moments. It outlives configurations; a new one is put in by `follow`.
public final class SharedPolicy: Sendable {
  /// Circuits, pauses and the budget of retries.
  public let attempts: AttemptBook
  /// What was asked and spent.
  public let limits: LimitBook
  /// Replies that may answer again.
  public let cache: ReplyCache

  /// Nothing has happened yet.
  public init(_ policy: PolicySnapshot) {
    attempts = AttemptBook(policy.resilience)
    limits = LimitBook(policy.limits)
    cache = ReplyCache(policy.cache)
  }

  /// Another configuration is in effect.
  ///
  /// - Returns: circuits that it switched off.
  public func follow(_ policy: PolicySnapshot, now: Int64) -> [CircuitChange] {
    limits.replace(policy.limits)
    cache.replace(policy.cache, now: now)
    return attempts.replace(policy.resilience)
  }
}
