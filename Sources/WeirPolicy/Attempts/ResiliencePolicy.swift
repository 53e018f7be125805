/// What happens when an upstream fails; made with the configuration, never changed. Times are nanoseconds.
public struct ResiliencePolicy: Sendable, Equatable {
  /// How a failed request is tried again on the same upstream and model.
  public struct Retry: Sendable, Equatable {
    /// Attempts after the first; 0 never tries again.
    public var retries = 2
    /// The longest wait before the first retry; it doubles with each one. The wait itself is drawn evenly from zero
    /// up to it ("full jitter", AWS Architecture Blog, "Exponential Backoff And Jitter").
    public var firstDelay: Int64 = 250_000_000
    /// No wait is longer, unless the upstream names a longer one that fits the time left.
    public var longestDelay: Int64 = 8_000_000_000

    /// The defaults.
    public init() {}
  }

  /// When an upstream's model is no longer asked.
  public struct Circuit: Sendable, Equatable {
    /// False leaves every circuit closed.
    public var isEnabled = true
    /// Failures in a row that open it.
    public var consecutiveFailures = 5
    /// The share of failures over `window` that opens it, from 0 to 1.
    public var failureRate = 0.5
    /// Requests that a window needs before its rate counts.
    public var minimumRequests = 20
    /// Over which the rate is taken.
    public var window: Int64 = 30_000_000_000
    /// How long it stays open before one request probes the upstream.
    public var openTime: Int64 = 30_000_000_000
    /// Probes in a row that must succeed before it closes.
    public var closingSuccesses = 1
    /// A reply whose head takes longer counts as a failure; nil takes none as one.
    public var slowCall: Int64?

    /// The defaults.
    public init() {}
  }

  /// Applies where a model or upstream names nothing else.
  public var retry = Retry()
  /// By upstream's name.
  public var retryByUpstream: [String: Retry] = [:]
  /// By catalog id.
  public var retryByModel: [String: Retry] = [:]
  /// For every upstream and model.
  public var circuit = Circuit()
  /// Retries of the last `retryWindow` may be at most this share of its requests.
  public var retryShare = 0.2
  /// Over which the share is taken.
  public var retryWindow: Int64 = 10_000_000_000
  /// Retries that are always allowed in a window, so that a quiet proxy can retry at all.
  public var retryFloor = 3
  /// By catalog id: the models to go to, in order. A model without an entry has no fallback, except Kimi models, which
  /// have `KIMI_FALLBACK_MODEL`.
  public var fallbacks: [String: [String]] = [:]

  /// The defaults.
  public init() {}
}
