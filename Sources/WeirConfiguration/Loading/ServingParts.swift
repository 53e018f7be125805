import WeirPolicy

/// The sections on how requests are served, as the file says them.
struct ServingSections {
  let upstreams: [UpstreamEntry]
  let limits: LimitsSection
  let redactions: [Located<String>]
  let pricing: PricingSection
  let cache: CacheSection
  let resilience: ResilienceSection
  let screening: ScreeningSection

  init(_ reader: inout SectionReader, _ sections: [String: SectionField]) {
    upstreams = reader.upstreams(sections["upstreams"])
    limits = reader.limits(sections)
    redactions = reader.redactions(sections)
    pricing = reader.pricing(sections)
    cache = reader.cache(sections)
    resilience = reader.resilience(sections["resilience"])
    screening = reader.screening(sections["screening"])
  }
}

/// How requests are served, worked out from the settings and the file's sections.
struct ServingParts {
  let upstreams: [Configuration.NamedUpstream]
  let limits: LimitPolicy
  let pricing: Configuration.Pricing
  let cache: CachePolicy
  let resilience: ResiliencePolicy
  let screening: ScreeningPolicy
  let rows: [EffectiveValue]

  /// Builds everything, also from sections with mistakes, so that all of them are found; problems go to the resolver.
  init(
    _ parts: ConfigurationParts, _ sections: ServingSections, _ models: ModelsSection, _ catalog: ModelCatalog,
    _ resolver: inout SettingsResolver
  ) {
    let path = resolver.yaml.path
    let upstreamParts = UpstreamParts(parts, sections.upstreams, catalog, &resolver)
    let checks = UpstreamChecks(path: path, entries: sections.upstreams, models: models, parts: parts)
    resolver.problems += checks.problems(upstreamParts.upstreams)
    let names = NameChecks(path: path, clients: parts.clients.clients.map(\.profile.name), catalog: catalog)
    let limitParts = LimitParts(sections.limits, parts.clients, names, &resolver)
    resolver.problems += ServingParts.tenantProblems(parts.clients.entries, sections.cache)
    resolver.problems += parts.clients.deadPatterns(in: catalog)
    let pricingParts = PricingParts(sections.pricing, catalog, &resolver)
    let cacheParts = CacheParts(sections.cache, names, &resolver)
    let resilienceParts = ResilienceParts(sections.resilience, upstreamParts, models, catalog, &resolver)
    let screeningParts = ScreeningParts(sections.screening, names, &resolver)
    upstreams = upstreamParts.upstreams
    limits = limitParts.policy
    pricing = pricingParts.pricing
    cache = cacheParts.policy
    resilience = resilienceParts.policy
    screening = screeningParts.policy
    rows =
      parts.clients.rows + upstreamParts.rows + limitParts.rows + cacheParts.rows + resilienceParts.rows
      + pricingParts.rows + screeningParts.rows
      + sections.redactions.map { .row($0.key, $0.value, $0.origin(in: path)) }
  }

  /// A client shares kept replies with its tenant or with a group, not with both.
  private static func tenantProblems(_ clients: [ClientEntry], _ cache: CacheSection) -> [ConfigurationProblem] {
    let grouped = Set(cache.sharedTenants.flatMap { $0.map(\.value) })
    return clients.compactMap { client in
      guard let tenant = client.profile.tenant, grouped.contains(client.name) else { return nil }
      return ConfigurationProblem(
        .error, source: client.path, line: tenant.line, key: tenant.key,
        what: "cache.shared_tenants names \(client.name) too", fix: "keep one of the two")
    }
  }
}
