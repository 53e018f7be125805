import WeirPolicy

/// What happens when an upstream fails, worked out from the settings and the file's sections.
struct ResilienceParts {
  private(set) var policy: ResiliencePolicy
  let rows: [EffectiveValue]

  init(
    _ section: ResilienceSection, _ upstreams: UpstreamParts, _ models: ModelsSection, _ catalog: ModelCatalog,
    _ resolver: inout SettingsResolver
  ) {
    policy = section.policy
    policy.retry = ResilienceParts.retry(section.retry, &resolver)
    let breaks = resolver.value(Settings.circuitBreaker)
    if resolver.place(of: Settings.circuitBreaker).origin != .builtIn { policy.circuit.isEnabled = breaks }
    let everywhere = policy.retry
    policy.retryByUpstream = upstreams.retries.mapValues { $0.over(everywhere) }
    for entry in models.catalog {
      if let retry = entry.retry { policy.retryByModel[entry.model.id] = retry.over(everywhere) }
      let fallbacks = ResilienceParts.fallbacks(of: entry, catalog, &resolver)
      if !fallbacks.isEmpty { policy.fallbacks[entry.model.id] = fallbacks }
    }
    for retry in [section.retry].compactMap({ $0 }) + upstreams.retries.values + models.catalog.compactMap(\.retry) {
      let merged = retry.over(everywhere)
      guard merged.firstDelay > merged.longestDelay else { continue }
      resolver.report(
        line: retry.line, key: retry.key, "first_delay is longer than longest_delay", fix: "raise longest_delay too")
    }
    rows = ResilienceParts.rows(policy, section, path: resolver.yaml.path)
  }

  /// The variable goes before the section, as everywhere; the file that says both contradicts itself.
  private static func retry(_ section: RetrySection?, _ resolver: inout SettingsResolver) -> ResiliencePolicy.Retry {
    let retries = resolver.value(Settings.retries)
    var retry = section?.over(ResiliencePolicy.Retry()) ?? ResiliencePolicy.Retry()
    guard let own = section?.retries else {
      retry.retries = retries
      return retry
    }
    let place = resolver.place(of: Settings.retries)
    if place.origin == .builtIn {
      resolver.record(Settings.retries.entry, "\(own.value)", .file(path: resolver.yaml.path, line: own.line))
    } else {
      retry.retries = retries
    }
    if place.key == Settings.retries.entry.yamlPath {
      resolver.report(
        line: own.line, key: own.key, "\(place.key) says it too in this file", fix: "keep one of the two")
    }
    return retry
  }

  /// By the names that go upstream. A name that no model has is reported and left out.
  private static func fallbacks(
    of entry: CatalogEntry, _ catalog: ModelCatalog, _ resolver: inout SettingsResolver
  ) -> [String] {
    var named: Set<String> = []
    var fallbacks: [String] = []
    for place in entry.fallbacks {
      let resolved = catalog.resolve(place.value)
      guard let id = resolved.catalogID else {
        resolver.problems.append(
          ConfigurationProblem(
            .warning, source: resolver.yaml.path, line: place.line, key: place.key,
            what: "the catalog has no model \(place.value)", fix: PolicyChecks.remedy(place.value, catalog),
            isDeadRule: true))
        continue
      }
      if id.lowercased() == entry.model.id.lowercased() {
        resolver.report(
          line: place.line, key: place.key, "\(place.value) is the model itself", fix: "name another model")
      } else if !named.insert(resolved.upstreamID.lowercased()).inserted {
        resolver.report(line: place.line, key: place.key, "\(place.value) is named twice", fix: "remove one")
      } else {
        fallbacks.append(resolved.upstreamID)
      }
    }
    return fallbacks
  }

  private static func rows(
    _ policy: ResiliencePolicy, _ section: ResilienceSection, path: String
  ) -> [EffectiveValue] {
    let (retry, circuit) = (policy.retry, policy.circuit)
    let slowCall = circuit.slowCall.map { text($0) } ?? ""
    let values = [
      ("retry_share", "\(policy.retryShare)"), ("retry_window", text(policy.retryWindow)),
      ("retry_floor", "\(policy.retryFloor)"), ("circuit.enabled", "\(circuit.isEnabled)"),
      ("circuit.consecutive_failures", "\(circuit.consecutiveFailures)"),
      ("circuit.failure_rate", "\(circuit.failureRate)"), ("circuit.minimum_requests", "\(circuit.minimumRequests)"),
      ("circuit.window", text(circuit.window)), ("circuit.open_time", text(circuit.openTime)),
      ("circuit.closing_successes", "\(circuit.closingSuccesses)"), ("circuit.slow_call", slowCall),
    ]
    return [
      .row(
        "resilience.retry", "first delay \(text(retry.firstDelay)) s, longest delay \(text(retry.longestDelay)) s",
        path: path, line: section.retry?.line)
    ]
      + values.map { name, text in
        .row("resilience.\(name)", text, path: path, line: section.lines["resilience.\(name)"])
      }
  }

  private static func text(_ nanoseconds: Int64) -> String { Duration.nanoseconds(nanoseconds).secondsText }
}
