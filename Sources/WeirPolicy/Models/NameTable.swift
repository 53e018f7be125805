/// The names of a catalog while it is built: the first claim of a name holds.
struct NameTable {
  private let models: [CatalogModel]
  private(set) var entries: [String: ModelCatalog.Entry] = [:]
  private(set) var prefixes: [(prefix: String, entry: ModelCatalog.Entry)] = []
  private var claimed: Set<String> = []

  init(models: [CatalogModel]) {
    self.models = models
  }

  /// Names a model; `target` is what the name becomes, nil leaves it as the client wrote it.
  ///
  /// The name is entered without capitals and as written, so that the usual spelling is found at once. A name
  /// that ends with `*` claims all names that begin so.
  mutating func claim(_ name: String, for model: Int, as target: String?) {
    let folded = ModelName.folded(name)
    guard !folded.isEmpty, claimed.insert(folded).inserted else { return }
    if folded.hasSuffix("*") {
      prefixes.append((String(folded.dropLast()), entry(for: folded, model: model, target: target)))
      return
    }
    entries[folded] = entry(for: folded, model: model, target: target)
    if folded != name { entries[name] = entry(for: name, model: model, target: target) }
  }

  mutating func claimID(of model: Int) { claim(models[model].id, for: model, as: models[model].id) }

  mutating func claimAliases(of model: Int) {
    for alias in models[model].aliases { claim(alias, for: model, as: models[model].id) }
  }

  mutating func claimSpellings(of model: Int) {
    for spelling in models[model].spellings { claim(spelling, for: model, as: nil) }
  }

  private func entry(for name: String, model: Int, target: String?) -> ModelCatalog.Entry {
    let sent = target ?? name
    let suffix = ModelName.split(sent).suffix
    return ModelCatalog.Entry(
      model: model, target: target,
      answer: ResolvedModel(
        upstreamID: sent, isKimi: models[model].isKimi, isKnown: true, catalogID: models[model].id,
        wasRewritten: sent != name,
        takesKimiTemperature: models[model].isKimi && !models[model].hasFixedTemperature
          && !ModelName.namesThinking(suffix)))
  }
}
