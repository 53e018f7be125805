extension Configuration {
  /// What sidecars share, and over which store.
  public struct SharedState: Sendable, Equatable {
    /// Nil shares nothing.
    public internal(set) var url: RedisURL?
    /// What every key begins with.
    public let prefix: String
    /// How long a request waits for the store.
    public let deadline: Duration
    /// How much of a limit's burst a sidecar may take ahead; 0 takes nothing ahead.
    public let leasePercent: Int
    /// Whether the store is the cache's second tier.
    public let sharesCache: Bool
    /// Larger replies, after compression, do not go to the store.
    public let maximumCacheEntryBytes: Int
    /// Encrypts what the cache stores; nil stores it as it is.
    public let cacheKey: SecretKey?
    /// Whether open circuits are told to the others.
    public let sharesCircuits: Bool
  }
}
