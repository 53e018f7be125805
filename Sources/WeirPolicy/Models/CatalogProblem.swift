/// What contradicts itself in the models that the configuration adds.
public enum CatalogProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// A model without an id.
  case emptyID
  /// A model with an alias or spelling that is empty or only `*`.
  case emptyName(model: String)
  /// The same id twice, letter case ignored.
  case duplicateID(String)
  /// Two models claim one name.
  case collision(name: String, models: [String])
  /// Following the aliases leads back to where it began.
  case cycle([String])

  /// What is wrong and what to do.
  public var description: String {
    switch self {
    case .emptyID: "a model has no id; give it the name that the upstream knows"
    case .emptyName(let model): "model \(model) has an empty alias; remove it"
    case .duplicateID(let id): "model \(id) is described twice; keep one"
    case .collision(let name, let models):
      "the name \(name) is claimed by \(models.joined(separator: " and ")); leave it to one of them"
    case .cycle(let names):
      "the aliases \(names.joined(separator: " -> ")) lead in a circle; remove one"
    }
  }
}

extension ModelCatalog {
  /// Everything that contradicts itself in `additions`, all at once; empty when the catalog can be built as meant.
  ///
  /// An alias may take over the id of a built-in model (the file overrides), but neither an id nor an alias of
  /// another addition, nor `kimi-k2`, which is `KIMI_MODEL_ID`'s.
  public static func problems(kimiModelID: String, additions: [CatalogModel]) -> [CatalogProblem] {
    var problems: [CatalogProblem] = []
    var owners: [String: [String]] = [:]
    var targets: [String: String] = [:]
    let kimi = ModelName.folded(String(ModelName.split(kimiModelID).base))
    owners[kimiAlias] = kimi == kimiAlias ? nil : [kimiModelID]
    var ids: Set<String> = []
    for model in additions {
      let id = ModelName.folded(model.id)
      if id.isEmpty { problems.append(.emptyID) }
      if !id.isEmpty, !ids.insert(id).inserted { problems.append(.duplicateID(model.id)) }
      for alias in Set((model.aliases + model.spellings).map(ModelName.folded)).sorted() {
        if alias.isEmpty || alias == "*" { problems.append(.emptyName(model: model.id)) }
        if alias == kimiAlias, id == kimi { continue }
        if alias != id { owners[alias, default: []].append(model.id) }
      }
      for alias in model.aliases where ModelName.folded(alias) != id { targets[ModelName.folded(alias)] = id }
    }
    let cycles = cycles(in: targets)
    problems += cycles.map { .cycle($0) }
    let inCycles = Set(cycles.joined())
    for (name, claimants) in owners.sorted(by: { $0.key < $1.key }) where !inCycles.contains(name) {
      let own = additions.filter { ModelName.folded($0.id) == name }.map(\.id)
      let all = own + claimants.filter { !own.contains($0) }
      if all.count > 1 { problems.append(.collision(name: name, models: all)) }
    }
    return problems
  }

  /// Each circle once, beginning with its smallest name.
  private static func cycles(in targets: [String: String]) -> [[String]] {
    var found: [[String]] = []
    var done: Set<String> = []
    for start in targets.keys.sorted() where !done.contains(start) {
      var path: [String] = []
      var name = start
      while let next = targets[name], !done.contains(name) {
        done.insert(name)
        path.append(name)
        name = next
      }
      if let first = path.firstIndex(of: name) { found.append(Array(path[first...]) + [name]) }
    }
    return found
  }
}
