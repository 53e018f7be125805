extension Settings {
  // Settings of the published interface whose features this version lacks. When a feature arrives, its
  // entries lose their `availability` and move to the file of their subject.

  static let moonshotKey = Setting(
    "MOONSHOT_API_KEY", yaml: "moonshot.api_key", .secret, secret: true, availability: .refused,
    "Enables the direct Moonshot upstream as a fallback or a target")
  static let rateLimitRequests = Setting(
    "WEIR_RATE_LIMIT_RPM", yaml: "rate_limit.rpm", .integer(in: 1...1_000_000_000), availability: .refused,
    "Requests a minute and client")
  static let rateLimitTokens = Setting(
    "WEIR_RATE_LIMIT_TPM", yaml: "rate_limit.tpm", .integer(in: 1...1_000_000_000_000),
    availability: .refused, "Tokens a minute and client")
  static let budget = Setting(
    "WEIR_BUDGET_USD_DAY", yaml: "budget.usd_day", .number(upTo: 1e9), availability: .refused,
    "US dollars a client may spend in a UTC day")
  static let redisURL = Setting(
    "WEIR_REDIS_URL", yaml: "redis.url", .secretText, secret: true, availability: .refused,
    "Shared state for several sidecars; without it, in memory")
  static let cacheTTL = Setting(
    "WEIR_CACHE_TTL", yaml: "cache.ttl", .secondsOrZero, default: .seconds(300), availability: .accepted,
    "How long a reply is kept; 0 turns the cache off")
  static let cacheMaxBytes = Setting(
    "WEIR_CACHE_MAX_BYTES", yaml: "cache.max_bytes", .bytes(in: 0...(1 << 40)), default: 67_108_864,
    availability: .accepted, "Memory bound of the cache")
  static let retries = Setting(
    "WEIR_RETRIES", yaml: "retries", .integer(in: 0...10), default: 2, availability: .accepted,
    "Extra attempts on the same model")
  static let ledger = Setting(
    "WEIR_LEDGER", yaml: "ledger", .pathOrOff, default: "weir.db", availability: .accepted,
    "SQLite file of the usage ledger")

  static let later = [
    moonshotKey.entry, rateLimitRequests.entry, rateLimitTokens.entry, budget.entry, redisURL.entry,
    cacheTTL.entry, cacheMaxBytes.entry, retries.entry, ledger.entry,
  ]
}
