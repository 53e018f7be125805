import WeirPolicy

/// What decides on models, worked out from the settings and the file's sections.
struct PolicyParts {
  let catalog: ModelCatalog
  let access: ModelAccess
  let rollouts: RolloutTable
  let routes: TaskRoutes?
  let routesByLength: Bool
  let upstreams: [Configuration.NamedUpstream]
  let limits: LimitPolicy
  let pricing: Configuration.Pricing
  let redactions: [String]
  let cache: CachePolicy
  let resilience: ResiliencePolicy
  let screening: ScreeningPolicy
  let rows: [EffectiveValue]

  /// Builds everything, also from sections with mistakes, so that all of them are found; problems go to the
  /// resolver.
  init(_ parts: ConfigurationParts, _ resolver: inout SettingsResolver) {
    let kimi = parts.kimi
    var reader = SectionReader(path: resolver.yaml.path)
    reader.checkFormat(resolver.yaml.sections["version"])
    let models = reader.models(resolver.yaml.sections["models"])
    let entries = reader.rollouts(
      resolver.yaml.sections["rollouts"], allowsOverride: parts.allowsVariantOverride)
    let servingSections = ServingSections(&reader, resolver.yaml.sections)
    resolver.problems += reader.problems

    let additions = models.catalog.map(\.model)
    let catalog = ModelCatalog(kimiModelID: kimi.modelID, additions: additions)
    let access = ModelAccess(
      allow: models.allow.map { ModelPattern($0.value) }, deny: models.deny.map { ModelPattern($0.value) })
    let placed = KimiRollout.place(among: entries, parts, &resolver)
    let rollouts = PolicyParts.table(placed, catalog, isKimiEnabled: kimi.isEnabled, &resolver)
    let routes = PolicyParts.routes(models.routes, catalog)

    let checks = PolicyChecks(path: resolver.yaml.path, models: models, catalog: catalog)
    resolver.problems += checks.catalogProblems(kimiModelID: kimi.modelID)
    resolver.problems += checks.accessProblems(access)
    resolver.problems += checks.rolloutProblems(rollouts, placed)
    resolver.problems += checks.routeProblems(routes)
    resolver.problems += checks.fallbackProblems(kimi, resolver.place(of: Settings.fallbackModel))

    let serving = ServingParts(parts, servingSections, models, catalog, &resolver)
    upstreams = serving.upstreams
    limits = serving.limits
    pricing = serving.pricing
    redactions = servingSections.redactions.map(\.value)
    cache = serving.cache
    resilience = serving.resilience
    screening = serving.screening
    self.catalog = catalog
    self.access = access
    self.rollouts = rollouts
    self.routes = routes
    routesByLength = routes != nil && models.routes?.routesByLength == true
    rows = serving.rows + PolicyRows.rows(models, placed, routes, path: resolver.yaml.path)
  }

  private static func table(
    _ placed: [PlacedRollout], _ catalog: ModelCatalog, isKimiEnabled: Bool,
    _ resolver: inout SettingsResolver
  ) -> RolloutTable {
    do throws(RolloutProblem) {
      return try RolloutTable(placed.map(\.rollout), catalog: catalog, isKimiEnabled: isKimiEnabled)
    } catch {
      resolver.problems.append(
        ConfigurationProblem(
          .error, source: resolver.yaml.path, key: "rollouts", what: "\(error)", fix: "correct the rollouts"))
      return .empty
    }
  }

  /// Without a section the catalog itself is what `auto` picks from, the Kimi model first.
  private static func routes(_ section: RoutesSection?, _ catalog: ModelCatalog) -> TaskRoutes? {
    if section?.isEnabled == false { return nil }
    let candidates: [CatalogModel]
    if let named = section?.candidates {
      candidates = named.compactMap { catalog.model(of: catalog.resolve($0.value)) }
    } else {
      let first = catalog.model(of: catalog.resolve(ModelCatalog.kimiAlias))
      candidates = (first.map { [$0] } ?? []) + catalog.models.filter { $0.id != first?.id }
    }
    return TaskRoutes(candidates: candidates, tasks: section?.tasks.mapValues(\.value) ?? [:])
  }
}
