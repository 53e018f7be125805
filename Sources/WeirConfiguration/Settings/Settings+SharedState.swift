extension Settings {
  static let redisURL = Setting(
    "WEIR_REDIS_URL", yaml: "redis.url", ValueType<RedisURL>.redisURL.orOff, default: nil, secret: true,
    reloadable: false,
    "Shared state for several sidecars; without it, in memory: `redis://USER:PASSWORD@HOST:PORT/DB`, "
      + "the same with `rediss://` for TLS, or `unix:///PATH?db=DB`")
  static let redisPrefix = Setting(
    "WEIR_REDIS_PREFIX", yaml: "redis.prefix", .redisPrefix, default: "weir:", reloadable: false,
    "What weir's keys begin with; sidecars that share have the same")
  static let redisDeadline = Setting(
    "WEIR_REDIS_DEADLINE_MS", yaml: "redis.deadline_ms", .integer(in: 1...10_000), default: 20, reloadable: false,
    "Milliseconds that a request waits for the store before local state decides")
  static let redisLeasePercent = Setting(
    "WEIR_REDIS_LEASE_PERCENT", yaml: "redis.lease_percent", .integer(in: 0...50), default: 0,
    "How much of a limit's burst a sidecar may take ahead, in percent; 0 asks the store for every request")
  static let redisCache = Setting(
    "WEIR_REDIS_CACHE", yaml: "redis.cache", .boolean, default: true,
    "`false` keeps the store out of the cache: it shares limits, budgets and rollouts only")
  static let redisMaxCacheEntryBytes = Setting(
    "WEIR_REDIS_MAX_CACHE_ENTRY_BYTES", yaml: "redis.max_cache_entry_bytes", .bytes(in: 1024...(8 << 20)),
    default: 1_048_576, "Larger replies, after compression, are kept by the sidecar only")
  static let redisCacheKey = Setting(
    "WEIR_REDIS_CACHE_KEY", yaml: "redis.cache_key", .redisCacheKey, secret: true, reloadable: false,
    "32 bytes in base64: replies in the store are encrypted with it (AES-256-GCM)")
  static let redisShareCircuits = Setting(
    "WEIR_REDIS_SHARE_CIRCUITS", yaml: "redis.share_circuits", .boolean, default: false, reloadable: false,
    "`true` lets sidecars tell each other which circuits are open")

  static let sharedState = [
    redisURL.entry, redisPrefix.entry, redisDeadline.entry, redisLeasePercent.entry, redisCache.entry,
    redisMaxCacheEntryBytes.entry, redisCacheKey.entry, redisShareCircuits.entry,
  ]
}

extension ValueType where Value == RedisURL {
  /// It is often what lets weir in, so it is never shown.
  static let redisURL = ValueType("secret", parse: ValueParsers.redisURL) { _ in Secret.redacted }
}

extension ValueType where Value == String {
  static let redisPrefix = ValueType("text", parse: ValueParsers.redisPrefix) { $0 }
}

extension ValueType where Value == SecretKey {
  static let redisCacheKey = ValueType("secret", parse: ValueParsers.redisCacheKey) { _ in Secret.redacted }
}
