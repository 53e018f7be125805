extension Settings {
  // Settings of the published interface whose features this version lacks. When a feature arrives, its
  // entries lose their `availability` and move to the file of their subject.

  static let redisURL = Setting(
    "WEIR_REDIS_URL", yaml: "redis.url", .secretText, secret: true, availability: .refused,
    "Shared state for several sidecars; without it, in memory")

  static let later = [redisURL.entry]
}
