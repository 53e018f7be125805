/// Where the requests for each model may go, worked out once a configuration: the upstreams that serve it, and the
/// targets of its fallback models. Plans for models under their own names are ready-made.
struct AttemptRoutes: Sendable {
  /// Of one model.
  struct Entry: Sendable {
    /// Places in `PolicySnapshot.upstreams`; never empty.
    let upstreams: [Int]
    let contextWindow: Int?
    let fallbacks: [AttemptTarget]
    /// For the model as the catalog calls it, asked for by this name and by another.
    fileprivate(set) var plans: [(model: ResolvedModel, plan: AttemptPlan)] = []

    func plan(_ model: ResolvedModel, upstreams routes: [UpstreamRoute]) -> AttemptPlan {
      var targets = upstreams.map {
        AttemptTarget(
          upstream: $0, model: model, isFallback: false, contextWindow: contextWindow, route: routes[$0])
      }
      for fallback in fallbacks where !targets.contains(where: { $0.key == fallback.key }) {
        targets.append(fallback)
      }
      return AttemptPlan(targets: targets)
    }
  }

  /// For requests that name no model: the default upstream.
  let unnamed: AttemptPlan
  private let byCatalogID: [String: Entry]
  private let other: Entry
  private let otherKimi: Entry

  init(
    upstreams: [UpstreamRoute], resilience: ResiliencePolicy, models: ModelCatalog, access: ModelAccess,
    killSwitch: KillSwitch
  ) {
    let making = Making(
      upstreams: upstreams, resilience: resilience, models: models, access: access, killSwitch: killSwitch)
    byCatalogID = Dictionary(
      models.models.map { ($0.id, making.entry(of: $0)) }, uniquingKeysWith: { first, _ in first })
    let standard = making.standard(isKimi: false)
    other = Entry(upstreams: standard, contextWindow: nil, fallbacks: [])
    otherKimi = Entry(
      upstreams: making.standard(isKimi: true), contextWindow: nil,
      fallbacks: making.targets(of: making.kimiFallbacks))
    unnamed = AttemptPlan(
      targets: standard.map {
        AttemptTarget(upstream: $0, model: nil, isFallback: false, contextWindow: nil, route: upstreams[$0])
      })
  }

  func entry(of model: ResolvedModel) -> Entry {
    model.catalogID.flatMap { byCatalogID[$0] } ?? (model.isKimi ? otherKimi : other)
  }
}

/// The parts of a configuration, while the routes are made.
private struct Making {
  let upstreams: [UpstreamRoute]
  let resilience: ResiliencePolicy
  let models: ModelCatalog
  let access: ModelAccess
  let killSwitch: KillSwitch

  func entry(of model: CatalogModel) -> AttemptRoutes.Entry {
    var entry = AttemptRoutes.Entry(
      upstreams: places(of: model), contextWindow: model.contextWindow,
      fallbacks: targets(of: fallbacks(of: model)))
    let resolved = models.resolve(model.id)
    entry.plans = [resolved, resolved.replacing("")].map { ($0, entry.plan($0, upstreams: upstreams)) }
    return entry
  }

  func standard(isKimi: Bool) -> [Int] {
    let standard = upstreams.firstIndex { $0.id == UpstreamRoute.defaultID } ?? 0
    guard isKimi else { return [standard] }
    return [standard] + upstreams.indices.filter { upstreams[$0].backsKimi && $0 != standard }
  }

  var kimiFallbacks: [ResolvedModel] { killSwitch.fallback.map { [$0] } ?? [] }

  /// Models that may be asked, each once, with all their upstreams.
  func targets(of fallbacks: [ResolvedModel]) -> [AttemptTarget] {
    var seen: Set<String> = []
    var targets: [AttemptTarget] = []
    for model in fallbacks where mayUse(model) && seen.insert(ModelName.folded(model.upstreamID)).inserted {
      let listed = models.model(of: model)
      for place in listed.map(places) ?? standard(isKimi: model.isKimi) {
        targets.append(
          AttemptTarget(
            upstream: place, model: model, isFallback: true, contextWindow: listed?.contextWindow,
            route: upstreams[place]))
      }
    }
    return targets
  }

  private func fallbacks(of model: CatalogModel) -> [ResolvedModel] {
    guard let names = resilience.fallbacks[model.id] else { return model.isKimi ? kimiFallbacks : [] }
    return names.map { models.resolve($0).replacing("") }
  }

  /// An upstream that the configuration does not know is passed over.
  private func places(of model: CatalogModel) -> [Int] {
    var places: [Int] = []
    for id in model.upstreams {
      if let place = upstreams.firstIndex(where: { $0.id == id }), !places.contains(place) { places.append(place) }
    }
    return places.isEmpty ? standard(isKimi: model.isKimi) : places
  }

  private func mayUse(_ model: ResolvedModel) -> Bool {
    guard case .serve = killSwitch.decide(model) else { return false }
    return access.permits(model.upstreamID, model: model)
  }
}
