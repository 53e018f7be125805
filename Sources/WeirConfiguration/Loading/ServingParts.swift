import WeirPolicy

/// The sections on how requests are served, as the file says them.
struct ServingSections {
  let upstreams: [UpstreamEntry]
  let limits: LimitsSection
  let redactions: [Located<String>]
  let pricing: PricingSection
  let cache: CacheSection
  let resilience: ResilienceSection

  init(_ reader: inout SectionReader, _ sections: [String: SectionField]) {
    upstreams = reader.upstreams(sections["upstreams"])
    limits = reader.limits(sections)
    redactions = reader.redactions(sections)
    pricing = reader.pricing(sections)
    cache = reader.cache(sections)
    resilience = reader.resilience(sections["resilience"])
  }
}

/// How requests are served, worked out from the settings and the file's sections.
struct ServingParts {
  let upstreams: [Configuration.NamedUpstream]
  let limits: LimitPolicy
  let pricing: Configuration.Pricing
  let cache: CachePolicy
  let resilience: ResiliencePolicy
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
    let names = NameChecks(path: path, clients: parts.clients.map(\.name), catalog: catalog)
    let limitParts = LimitParts(sections.limits, names, &resolver)
    let pricingParts = PricingParts(sections.pricing, catalog, &resolver)
    let cacheParts = CacheParts(sections.cache, names, &resolver)
    let resilienceParts = ResilienceParts(sections.resilience, upstreamParts, models, catalog, &resolver)
    upstreams = upstreamParts.upstreams
    limits = limitParts.policy
    pricing = pricingParts.pricing
    cache = cacheParts.policy
    resilience = resilienceParts.policy
    rows =
      upstreamParts.rows + limitParts.rows + cacheParts.rows + resilienceParts.rows + pricingParts.rows
      + sections.redactions.map { .row($0.key, $0.value, $0.origin(in: path)) }
  }
}
