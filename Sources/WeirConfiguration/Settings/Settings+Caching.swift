extension Settings {
  static let cacheTTL = Setting(
    "WEIR_CACHE_TTL", yaml: "cache.ttl", .wholeSeconds.withOff(meaning: 0), default: 300,
    "How long a reply is kept; 0 turns the cache off")
  static let cacheMaxBytes = Setting(
    "WEIR_CACHE_MAX_BYTES", yaml: "cache.max_bytes",
    .bytes(in: 0...(1 << 40)).withOff(meaning: 0), default: 67_108_864,
    "Memory bound of the cache")

  static let caching = [cacheTTL.entry, cacheMaxBytes.entry]
}
