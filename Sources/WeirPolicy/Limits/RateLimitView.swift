/// How much of the limits is left, for the `x-ratelimit-*` headers; each part nil where no limit of the unit applies.
public struct RateLimitView: Sendable, Equatable {
  /// One unit's tightest rule: the one that leaves the least.
  public struct Part: Sendable, Equatable {
    /// What may come at once after a pause.
    public var limit: Int
    /// What may come at once now.
    public var remaining: Int
    /// Nanoseconds until `limit` may come at once again.
    public var reset: Int64

    /// Describes a rule's state.
    public init(limit: Int, remaining: Int, reset: Int64) {
      self.limit = limit
      self.remaining = remaining
      self.reset = reset
    }
  }

  /// Requests.
  public var requests: Part?
  /// Tokens.
  public var tokens: Part?

  /// Nothing is limited, unless said otherwise.
  public init(requests: Part? = nil, tokens: Part? = nil) {
    self.requests = requests
    self.tokens = tokens
  }

  /// Takes one more rule in.
  mutating func add(_ bucket: GCRA, unit: LimitRule.Unit, now: Int64) {
    add(
      Part(limit: bucket.burst, remaining: bucket.remaining(now: now), reset: bucket.timeUntilFull(now: now)),
      unit: unit)
  }

  /// Takes one more rule in.
  mutating func add(_ part: Part, unit: LimitRule.Unit) {
    switch unit {
    case .requests: requests = RateLimitView.tighter(requests, part)
    case .tokens: tokens = RateLimitView.tighter(tokens, part)
    }
  }

  private static func tighter(_ old: Part?, _ new: Part) -> Part {
    guard let old else { return new }
    return (new.remaining, -new.reset) < (old.remaining, -old.reset) ? new : old
  }
}
