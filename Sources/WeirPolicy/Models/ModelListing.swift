/// The entries that weir adds to the upstream's model list: the names that only weir understands, with what a model
/// picker shows. Worked out once for each configuration; an immutable value.
///
/// Listed are the aliases that weir rewrites, where clients may ask for them, and `auto`. Not listed are prefix
/// aliases, which are no names, and `spellings`, which are the upstream's to understand.
public struct ModelListing: Sendable {
  /// One name and its element of `data`.
  public struct Entry: Sendable, Equatable {
    /// What clients ask for.
    public let id: String
    /// A JSON object.
    public let json: String
  }

  /// In the catalog's order, `auto` last.
  public let entries: [Entry]
  private let indexByID: [String: Int]

  /// Lists what clients may ask for under one policy; `routes` says how `auto` finds its model, nil that there is none.
  ///
  /// An alias that the kill switch diverts is described as the model that serves it now; one that it refuses is left
  /// out.
  public init(policy: PolicySnapshot, routes: TaskRoutes?) {
    var entries: [Entry] = []
    var indexByID: [String: Int] = [:]
    func add(_ description: ModelDescription?) {
      guard let description else { return }
      let key = ModelName.folded(description.id)
      guard indexByID[key] == nil else { return }
      indexByID[key] = entries.count
      entries.append(Entry(id: description.id, json: description.json))
    }
    for model in policy.models.models {
      for alias in model.aliases where !alias.hasSuffix("*") { add(ModelListing.alias(alias, policy)) }
    }
    if let routes { add(ModelListing.automatic(routes, policy)) }
    self.entries = entries
    self.indexByID = indexByID
  }

  /// The entry for one id, letter case ignored; nil when weir adds none of that name.
  public func entry(for id: String) -> Entry? { indexByID[ModelName.folded(id)].map { entries[$0] } }

  /// What the upstream's list lacks, as JSON objects.
  public func additions(to listed: [String]) -> [String] {
    let known = Set(listed.map { ModelName.folded($0) })
    return entries.filter { !known.contains(ModelName.folded($0.id)) }.map(\.json)
  }

  /// The whole list while the upstream cannot be asked; the member `weir` says that this is why it is short.
  public var withoutUpstream: String {
    #"{"object":"list","data":["# + entries.map(\.json).joined(separator: ",")
      + #"],"weir":{"upstream":"unreachable"}}"#
  }

  private static func alias(_ alias: String, _ policy: PolicySnapshot) -> ModelDescription? {
    let resolved = policy.models.resolve(alias)
    guard resolved.wasRewritten, ModelName.folded(resolved.upstreamID) != ModelName.folded(alias),
      policy.access.permits(alias, model: resolved)
    else { return nil }
    switch policy.killSwitch.decide(resolved) {
    case .serve: return description(of: alias, servedBy: resolved, policy)
    case .fallBack(let fallback, _): return description(of: alias, servedBy: fallback, policy)
    case .refuse: return nil
    }
  }

  private static func description(
    of alias: String, servedBy resolved: ResolvedModel, _ policy: PolicySnapshot
  ) -> ModelDescription {
    let model = policy.models.model(of: resolved) ?? CatalogModel(id: resolved.upstreamID)
    return ModelDescription(
      id: alias, aliasOf: resolved.upstreamID, owner: model.provider, name: model.name,
      description: model.description, contextWindow: model.contextWindow, prices: policy.prices.prices(of: resolved),
      badge: model.badge, category: model.category, capabilities: model.capabilities, costInfo: model.costInfo)
  }

  private static func automatic(_ routes: TaskRoutes, _ policy: PolicySnapshot) -> ModelDescription? {
    let name = TaskRoutes.automatic
    let access = policy.access
    let candidates = access.allowed(in: policy.models).filter { allowed in
      routes.candidates.contains { $0.id == allowed.id }
    }
    guard !candidates.isEmpty,
      access.permits(name, model: policy.models.resolve(name))
    else { return nil }
    return ModelDescription(
      id: name, aliasOf: nil, owner: "", name: "Automatic",
      description: "The first model that can do the task of the header x-weir-task and has room for the request",
      contextWindow: candidates.compactMap(\.contextWindow).max(), prices: nil, badge: nil, category: "standard",
      capabilities: candidates.reduce(into: []) { $0.formUnion($1.capabilities) }, costInfo: nil)
  }
}
