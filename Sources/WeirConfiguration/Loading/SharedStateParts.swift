extension Configuration.SharedState {
  /// Works the settings out; problems stay in the resolver.
  init(_ resolver: inout SettingsResolver) {
    url = resolver.value(Settings.redisURL)
    prefix = resolver.value(Settings.redisPrefix)
    deadline = .milliseconds(resolver.value(Settings.redisDeadline))
    leasePercent = resolver.value(Settings.redisLeasePercent)
    sharesCache = resolver.value(Settings.redisCache)
    maximumCacheEntryBytes = resolver.value(Settings.redisMaxCacheEntryBytes)
    cacheKey = resolver.value(Settings.redisCacheKey)
    sharesCircuits = resolver.value(Settings.redisShareCircuits)
    if url == nil, cacheKey != nil {
      let place = resolver.place(of: Settings.redisCacheKey)
      resolver.problems.append(
        ConfigurationProblem(
          .warning, at: place.origin, key: place.key, what: "there is no store whose replies it could encrypt",
          fix: "set WEIR_REDIS_URL too"))
    }
  }
}
