/// What a request has to do with the cache.
public enum CacheDecision: Sendable, Equatable {
  /// Nothing: it is neither answered from the cache nor by another request in flight, and its reply is not kept.
  case bypass(CacheBypass)
  /// It has a key.
  case use(CacheUse)
}

/// Why a request goes past the cache; the raw values are for logs and `weir explain`.
public enum CacheBypass: String, Sendable, CaseIterable {
  /// The cache is off.
  case off
  /// The configuration leaves the API out, or weir does not read its bodies.
  case endpoint
  /// The configuration leaves the model out.
  case model
  /// Its temperature is above the configuration's bound.
  case temperature
  /// It says `Cache-Control: no-store`.
  case noStore = "no_store"
  /// It says `x-weir-cache-ttl: 0`.
  case timeToLive = "ttl"
  /// The upstream keeps something of it that the next one like it meets: a conversation, or work in the background.
  case upstreamState = "upstream_state"
}

/// How a request uses the cache.
public struct CacheUse: Sendable, Equatable {
  /// Whether a kept reply may answer it, and one in flight; its own may be kept either way.
  public let mayRead: Bool
  /// How old a kept reply may be.
  public let maximumAgeSeconds: Int
  /// How long its own reply is kept.
  public let timeToLiveSeconds: Int
  /// Whether it is refused with `LookUpCache.notKept` where nothing is kept.
  public let onlyIfCached: Bool
}
