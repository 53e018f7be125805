import WeirPolicy

/// What is wrong between names: those that models claim, and those that rules refer to.
struct PolicyChecks {
  let path: String
  let models: ModelsSection
  let catalog: ModelCatalog

  /// Models that contradict each other.
  func catalogProblems(kimiModelID: String) -> [ConfigurationProblem] {
    let problems = ModelCatalog.problems(kimiModelID: kimiModelID, additions: models.catalog.map(\.model))
    return problems.map { problem in
      switch problem {
      case .emptyID, .emptyName:
        return error(nil, nil, "\(problem)", fix: "correct it")
      case .duplicateID(let id):
        return error(entry(id), nil, "the model \(id) is described twice", fix: "keep one")
      case .collision(let name, let owners):
        let claimant = owners.compactMap { entry($0) }.last
        return error(
          claimant, "aliases", "the name \(name) is claimed by \(owners.joined(separator: " and "))",
          fix: name == ModelCatalog.kimiAlias
            ? "\(name) is KIMI_MODEL_ID's: set that, or leave the name out" : "leave it to one of them")
      case .cycle(let names):
        let first = models.catalog.first { names.contains($0.model.id.lowercased()) }
        return error(
          first, "aliases", "the aliases \(names.joined(separator: " -> ")) lead in a circle",
          fix: "remove one")
      }
    }
  }

  /// Patterns that fit nothing, and what one list takes from the other.
  func accessProblems(_ access: ModelAccess) -> [ConfigurationProblem] {
    let dead = Set(access.deadPatterns(in: catalog))
    var problems: [ConfigurationProblem] = []
    for rule in models.allow + models.deny where dead.contains(ModelPattern(rule.value)) {
      // The search for near names is slow, and nobody reads hundreds of them.
      let fix = problems.count < 20 ? remedy(rule.value) : remedy([])
      problems.append(
        deadRule(rule.line, rule.key, "\(rule.value) fits no model of the catalog", fix: fix))
    }
    for rule in models.allow {
      let pattern = ModelPattern(rule.value)
      let matched = catalog.suggestibleNames.filter(pattern.matches)
      let isDenied = matched.allSatisfy { name in
        let names = [name, catalog.resolve(name).catalogID ?? name]
        return access.deny.contains { deny in names.contains(where: deny.matches) }
      }
      if isDenied, !matched.isEmpty {
        problems.append(
          deadRule(
            rule.line, rule.key, "all that \(rule.value) allows is denied",
            fix: "remove it, or a pattern of deny"))
      }
    }
    return problems
  }

  /// Rollouts about models that nobody knows, or behind others that take all their requests.
  func rolloutProblems(_ table: RolloutTable, _ placed: [PlacedRollout]) -> [ConfigurationProblem] {
    table.deadRules.compactMap { problem in
      switch problem {
      case .unknownModel(let rollout, let model, let near):
        guard let owner = placed.first(where: { $0.rollout.name == rollout }) else { return nil }
        let place = owner.place(of: model, path: path)
        return ConfigurationProblem(
          .warning, at: place.origin, key: place.key, what: "the catalog has no model \(model)",
          fix: remedy(near), isDeadRule: true)
      case .neverReached(let rollout, let from, let winner):
        guard let owner = placed.first(where: { $0.rollout.name == rollout }) else { return nil }
        // Nobody wrote the default list, so nobody is told that it is not used.
        guard owner.fromOrigin != .builtIn else { return nil }
        let place = owner.place(ofIncumbent: from, path: path)
        return ConfigurationProblem(
          .warning, at: place.origin, key: place.key,
          what:
            "the rollout \(rollout) never gets requests for \(from), since the rollout \(winner) comes first",
          fix: "leave \(from) to one of them", isDeadRule: true)
      default:
        return nil
      }
    }
  }

  /// Candidates that are not there, and tasks that none can do.
  func routeProblems(_ routes: TaskRoutes?) -> [ConfigurationProblem] {
    guard let section = models.routes, let routes else { return [] }
    var problems: [ConfigurationProblem] = []
    for candidate in section.candidates ?? [] where !catalog.resolve(candidate.value).isKnown {
      problems.append(
        deadRule(
          candidate.line, candidate.key, "the catalog has no model \(candidate.value)",
          fix: remedy(candidate.value)))
    }
    if routes.candidates.isEmpty {
      let field = section.field
      problems.append(
        ConfigurationProblem(
          .error, source: path, line: field.line, key: "\(field.key).candidates",
          what: "there is no candidate to route to", fix: "name a model of the catalog, or leave the key out")
      )
    }
    for name in routes.deadTasks {
      guard let task = section.tasks[name] else { continue }
      problems.append(
        deadRule(
          task.line, task.key, "no candidate has all capabilities of the task \(name)",
          fix: "ask for less, or add a candidate"))
    }
    return problems
  }

  /// A fallback that the kill switch would shut too: known before it is thrown, since a reload that does not
  /// validate would leave Kimi on.
  func fallbackProblems(
    _ kimi: Configuration.Kimi, _ place: (origin: ValueOrigin, key: String)
  ) -> [ConfigurationProblem] {
    guard !kimi.fallbackModel.isEmpty else { return [] }
    let model = catalog.resolve(kimi.fallbackModel)
    if model.isKimi {
      return [
        ConfigurationProblem(
          kimi.isEnabled ? .warning : .error, at: place.origin, key: place.key,
          what: kimi.isEnabled
            ? "\(kimi.fallbackModel) is a Kimi model, so FEATURE_KIMI_ENABLED=false would not be accepted"
            : "Kimi is switched off, and \(kimi.fallbackModel) is a Kimi model",
          fix: "name a model of another family, for example openai/gpt-4-turbo")
      ]
    }
    guard !model.isKnown else { return [] }
    return [
      ConfigurationProblem(
        .warning, at: place.origin, key: place.key, what: "the catalog has no model \(kimi.fallbackModel)",
        fix: remedy(kimi.fallbackModel))
    ]
  }

  private func entry(_ id: String) -> CatalogEntry? {
    models.catalog.last { $0.model.id.lowercased() == id.lowercased() }
  }

  private func error(_ entry: CatalogEntry?, _ key: String?, _ what: String, fix: String)
    -> ConfigurationProblem
  {
    let base = entry?.field.key ?? "models.catalog"
    return ConfigurationProblem(
      .error, source: path, line: entry?.field.line, key: key.map { "\(base).\($0)" } ?? base, what: what,
      fix: fix)
  }

  private func deadRule(_ line: Int, _ key: String, _ what: String, fix: String) -> ConfigurationProblem {
    ConfigurationProblem(.warning, source: path, line: line, key: key, what: what, fix: fix, isDeadRule: true)
  }

  private func remedy(_ name: String) -> String { PolicyChecks.remedy(name, catalog) }

  private func remedy(_ near: [String]) -> String { PolicyChecks.remedy(near) }

  /// What to do about a name that no model has.
  static func remedy(_ name: String, _ catalog: ModelCatalog) -> String {
    remedy(NearNames.of(name, in: catalog.suggestibleNames))
  }

  private static func remedy(_ near: [String]) -> String {
    near.isEmpty
      ? "describe it in models.catalog, or remove it" : "did you mean \(near.joined(separator: " or "))?"
  }
}
