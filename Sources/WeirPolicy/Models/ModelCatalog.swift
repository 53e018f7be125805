/// The models that weir knows, and what each name in a request means.
///
/// An immutable value; it is built with the configuration and read by any number of threads. What is rewritten:
/// - `kimi-k2` becomes `KIMI_MODEL_ID`; the file's aliases become their model's id;
/// - an id in another letter case becomes the id as the catalog spells it.
///
/// What is recognised and left as written: the `spellings` of a model (`gpt-4`, `claude-3-opus`), since the
/// upstream's own reading of short names is the client's business. A suffix (`:free`, `:nitro`, …) survives
/// either way; where the alias's target has a suffix of its own, the client's replaces it. Every other name
/// passes unchanged.
public struct ModelCatalog: Sendable {
  /// All models: the built-in ones in their order, replaced where an addition has the same id, then the others.
  public let models: [CatalogModel]
  /// What the alias `kimi-k2` becomes.
  public let kimiModelID: String

  let entries: [String: Entry]
  let prefixes: [(prefix: String, entry: Entry)]
  private let indexByID: [String: Int]

  /// The alias that `KIMI_MODEL_ID` answers for.
  public static let kimiAlias = "kimi-k2"
  /// What `KIMI_MODEL_ID` is where nobody said otherwise.
  public static let defaultKimiModelID = "moonshotai/kimi-k2"

  /// A name, ready to answer.
  struct Entry: Sendable {
    let model: Int
    /// What the name becomes; nil leaves it as written.
    let target: String?
    /// The answer for the name without a suffix and without capitals.
    let answer: ResolvedModel
  }

  /// The built-in models alone.
  public static let builtIn = ModelCatalog(kimiModelID: defaultKimiModelID)

  /// Adds models to the built-in ones; an addition replaces the built-in model of the same id.
  ///
  /// Never fails: `problems(kimiModelID:additions:)` says beforehand what contradicts itself; here the first
  /// one that claims a name keeps it, additions before built-in models, aliases before spellings.
  public init(kimiModelID: String, additions: [CatalogModel] = []) {
    let kimiTarget = kimiModelID.isEmpty ? ModelCatalog.defaultKimiModelID : kimiModelID
    let kimiBase = String(ModelName.split(kimiTarget).base)
    var models = ModelCatalog.merged(additions)
    var index = ModelCatalog.index(of: models)
    if index[ModelName.folded(kimiBase)] == nil {
      index[ModelName.folded(kimiBase)] = models.count
      models.append(ModelCatalog.unlistedKimi(kimiBase))
    }
    let kimi = index[ModelName.folded(kimiBase)] ?? 0
    models[kimi].isKimi = true
    for other in models.indices {
      models[other].aliases.removeAll { ModelName.folded($0) == ModelCatalog.kimiAlias }
    }
    models[kimi].aliases.insert(ModelCatalog.kimiAlias, at: 0)

    var names = NameTable(models: models)
    let added = Set(additions.compactMap { index[ModelName.folded($0.id)] })
    for model in models.indices where added.contains(model) { names.claimID(of: model) }
    names.claim(ModelCatalog.kimiAlias, for: kimi, as: kimiTarget)
    names.claim(kimiBase, for: kimi, as: kimiBase)
    for model in models.indices where added.contains(model) { names.claimAliases(of: model) }
    for model in models.indices { names.claimID(of: model) }
    for model in models.indices { names.claimAliases(of: model) }
    for model in models.indices where added.contains(model) { names.claimSpellings(of: model) }
    for model in models.indices { names.claimSpellings(of: model) }

    self.models = models
    self.kimiModelID = kimiTarget
    self.entries = names.entries
    self.prefixes = names.prefixes.sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
    self.indexByID = index
  }

  /// What a name means; one dictionary lookup and no allocation for a listed name written as listed.
  public func resolve(_ asked: String) -> ResolvedModel {
    if let entry = entries[asked] { return entry.answer }
    let folded = ModelName.folded(asked)
    if let entry = entries[folded] { return answer(entry, asked: asked, suffix: "") }
    let (base, suffix) = ModelName.split(asked)
    let foldedBase = suffix.isEmpty ? folded : ModelName.folded(String(base))
    if !suffix.isEmpty, let entry = entries[foldedBase] {
      return answer(entry, asked: asked, suffix: suffix)
    }
    if let found = prefixes.first(where: { foldedBase.hasPrefix($0.prefix) }) {
      return answer(found.entry, asked: asked, suffix: suffix)
    }
    let isKimi = ModelName.namesKimi(asked)
    return ResolvedModel(
      upstreamID: asked, isKimi: isKimi, isKnown: false, catalogID: nil, wasRewritten: false,
      takesKimiTemperature: isKimi && ModelName.namesInstructK2(String(base))
        && !ModelName.namesThinking(suffix))
  }

  /// The catalog's record of a resolved model; nil when it is not listed.
  public func model(of resolved: ResolvedModel) -> CatalogModel? {
    place(of: resolved).map { models[$0] }
  }

  /// The record with this id, letter case ignored, without aliases and suffixes.
  public func model(id: String) -> CatalogModel? {
    place(ofID: id).map { models[$0] }
  }

  /// Where in `models` the record of a resolved model is, for those who need a field of it: a copy of a record counts a
  /// dozen references.
  func place(of resolved: ResolvedModel) -> Int? { resolved.catalogID.flatMap { place(ofID: $0) } }

  private func place(ofID id: String) -> Int? { indexByID[id] ?? indexByID[ModelName.folded(id)] }

  /// Prices of a resolved model: zero for `:free`, nil when not known.
  public func prices(of resolved: ResolvedModel) -> ModelPrices? {
    if ModelName.folded(resolved.upstreamID).hasSuffix(":free") { return .free }
    return place(of: resolved).flatMap { models[$0].prices }
  }

  private func answer(_ entry: Entry, asked: String, suffix: Substring) -> ResolvedModel {
    let plain = entry.answer
    let sent: String
    if let target = entry.target {
      sent = suffix.isEmpty ? target : String(ModelName.split(target).base) + suffix
    } else {
      sent = asked
    }
    return ResolvedModel(
      upstreamID: sent, isKimi: plain.isKimi, isKnown: true, catalogID: plain.catalogID,
      wasRewritten: sent != asked,
      takesKimiTemperature: plain.takesKimiTemperature && !ModelName.namesThinking(suffix))
  }

  private static func merged(_ additions: [CatalogModel]) -> [CatalogModel] {
    var models = BuiltInModels.all
    var index = index(of: models)
    for addition in additions {
      let key = ModelName.folded(addition.id)
      if let at = index[key] {
        models[at] = addition
      } else {
        index[key] = models.count
        models.append(addition)
      }
    }
    return models
  }

  private static func index(of models: [CatalogModel]) -> [String: Int] {
    Dictionary(
      models.enumerated().map { (ModelName.folded($0.element.id), $0.offset) }, uniquingKeysWith: { $1 })
  }

  private static func unlistedKimi(_ id: String) -> CatalogModel {
    CatalogModel(
      id: id, provider: ModelName.namesKimi(id) ? "moonshot" : "",
      hasFixedTemperature: ModelName.namesKimi(id)
        ? !ModelName.namesInstructK2(id) : ModelName.namesThinking(id),
      isKimi: true)
  }
}
