public import WeirWire

/// What may be kept of replies, and for how long; made with the configuration, never changed.
public struct CachePolicy: Sendable, Equatable {
  /// Seconds that a reply is kept; 0 turns the cache off.
  public var timeToLive: Int
  /// The memory bound, over all entries.
  public var maximumBytes: Int
  /// A reply above this is not kept.
  public var maximumEntryBytes: Int
  /// Replies from this size on are held compressed; 0 compresses none.
  public var compressFrom: Int
  /// Requests with a higher temperature are not kept; nil keeps all.
  public var maximumTemperature: Double?
  /// The APIs whose replies are kept.
  public var endpoints: Set<Endpoint>
  /// Exceptions by model, the first that fits; 0 seconds leaves a model out.
  public var models: [ModelTime]
  /// Names of clients that share entries with each other; any other client has its own. Never mixed where the
  /// client's own key goes upstream.
  public var sharedTenants: [[String]]
  /// Whether identical requests that are in flight at the same time become one.
  public var coalesces: Bool

  /// How long replies of some models are kept.
  public struct ModelTime: Sendable, Equatable {
    /// Fits the model that is asked of the upstream.
    public let pattern: ModelPattern
    /// 0 keeps none.
    public let timeToLive: Int

    /// Names a time.
    public init(pattern: ModelPattern, timeToLive: Int) {
      self.pattern = pattern
      self.timeToLive = timeToLive
    }
  }

  /// Nothing is kept.
  public static let off = CachePolicy(timeToLive: 0)

  /// Describes what may be kept.
  public init(
    timeToLive: Int = 300, maximumBytes: Int = 67_108_864, maximumEntryBytes: Int = 4_194_304,
    compressFrom: Int = 16_384, maximumTemperature: Double? = nil,
    endpoints: Set<Endpoint> = [.chatCompletions, .completions, .responses, .messages, .embeddings],
    models: [ModelTime] = [], sharedTenants: [[String]] = [], coalesces: Bool = true
  ) {
    self.timeToLive = timeToLive
    self.maximumBytes = maximumBytes
    self.maximumEntryBytes = maximumEntryBytes
    self.compressFrom = compressFrom
    self.maximumTemperature = maximumTemperature
    self.endpoints = endpoints
    self.models = models
    self.sharedTenants = sharedTenants
    self.coalesces = coalesces
  }
}
