extension RolloutTable {
  /// Rules that can never have an effect, all at once: names that the catalog does not know, and `from` names that
  /// an earlier rollout takes. Callers decide whether an unknown model is an error (`weir check`) or a warning
  /// (a name that the upstream may know better).
  public var deadRules: [RolloutProblem] {
    var problems: [RolloutProblem] = []
    for entry in entries {
      let rollout = entry.configured
      for from in rollout.from where !from.isEmpty {
        problems += fromProblem(from, rollout).map { [$0] } ?? []
      }
      for variant in rollout.variants {
        let model = catalog.resolve(variant.model)
        if !model.isKnown, !model.isKimi { problems.append(unknown(variant.model, rollout)) }
      }
    }
    return problems
  }

  private func fromProblem(_ from: String, _ rollout: Rollout) -> RolloutProblem? {
    let pattern = ModelPattern(from)
    if !pattern.isExact {
      return catalog.suggestibleNames.contains(where: pattern.matches) ? nil : unknown(from, rollout)
    }
    let model = catalog.resolve(from)
    if let first = self.rollout(for: from, model: model), first.name != rollout.name {
      return .neverReached(rollout: rollout.name, from: from, takenBy: first.name)
    }
    return model.isKnown || model.isKimi ? nil : unknown(from, rollout)
  }

  private func unknown(_ model: String, _ rollout: Rollout) -> RolloutProblem {
    .unknownModel(
      rollout: rollout.name, model: model, nearNames: NearNames.of(model, in: catalog.suggestibleNames))
  }
}
