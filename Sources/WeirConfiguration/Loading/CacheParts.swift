import WeirPolicy
import WeirWire

/// What may be kept of replies, worked out from the settings and the section `cache`.
struct CacheParts {
  let policy: CachePolicy
  let rows: [EffectiveValue]

  init(_ section: CacheSection, _ names: NameChecks, _ resolver: inout SettingsResolver) {
    let defaults = CachePolicy()
    let maximumBytes = resolver.value(Settings.cacheMaxBytes)
    // A small cache bounds its entries with it; only what somebody wrote can contradict it.
    let entryBytes = min(section.maximumEntryBytes?.value ?? defaults.maximumEntryBytes, maximumBytes)
    if let wanted = section.maximumEntryBytes, wanted.value > maximumBytes {
      resolver.report(
        line: wanted.line, key: wanted.key,
        "an entry of \(wanted.value) bytes does not fit into the cache's \(maximumBytes)",
        fix: "lower it, or raise WEIR_CACHE_MAX_BYTES")
    }
    policy = CachePolicy(
      timeToLive: resolver.value(Settings.cacheTTL), maximumBytes: maximumBytes, maximumEntryBytes: entryBytes,
      compressFrom: section.compressFrom?.value ?? defaults.compressFrom,
      maximumTemperature: section.maximumTemperature?.value,
      endpoints: section.endpoints?.value ?? defaults.endpoints, models: section.models.map(\.value),
      sharedTenants: section.sharedTenants.map { $0.map(\.value) },
      coalesces: section.coalesces?.value ?? defaults.coalesces)
    resolver.problems += section.sharedTenants.flatMap(names.deadClients)
    resolver.problems += CacheParts.deadModels(section.models, names)
    rows = CacheParts.rows(policy, section, path: resolver.yaml.path)
  }

  /// Patterns that fit nothing, and those behind one that takes all of theirs.
  private static func deadModels(
    _ models: [Located<CachePolicy.ModelTime>], _ names: NameChecks
  ) -> [ConfigurationProblem] {
    let patterns = models.map { Located(value: $0.value.pattern.description, key: $0.key, line: $0.line) }
    return patterns.enumerated().flatMap { index, pattern in
      // A pattern that matches another's text matches all that the other does: a star stands for the other's stars too.
      if let first = models[..<index].first(where: { $0.value.pattern.matches(pattern.value) }) {
        return [
          names.deadRule(
            pattern, "\(first.value.pattern) comes first and fits all of it", fix: "put the narrower pattern first")
        ]
      }
      return names.deadPatterns([pattern])
    }
  }

  private static func rows(_ policy: CachePolicy, _ section: CacheSection, path: String) -> [EffectiveValue] {
    let endpoints = Endpoint.allCases.filter(policy.endpoints.contains).map(\.rawValue).joined(separator: ",")
    let shared = policy.sharedTenants.map { $0.joined(separator: "+") }.joined(separator: ", ")
    return [
      .row(
        "cache.max_entry_bytes", "\(policy.maximumEntryBytes)", path: path, line: section.maximumEntryBytes?.line),
      .row("cache.compress_from", "\(policy.compressFrom)", path: path, line: section.compressFrom?.line),
      .row(
        "cache.max_temperature", policy.maximumTemperature.map { "\($0)" } ?? "", path: path,
        line: section.maximumTemperature?.line),
      .row("cache.endpoints", endpoints, path: path, line: section.endpoints?.line),
    ]
      + section.models.map { place in
        .row("cache.models[\(place.value.pattern)]", "\(place.value.timeToLive) s", path: path, line: place.line)
      } + [
        .row("cache.shared_tenants", shared, path: path, line: section.sharedTenantsLine),
        .row("cache.coalesce", "\(policy.coalesces)", path: path, line: section.coalesces?.line),
      ]
  }
}
