extension SettingsResolver {
  /// Metrics and messages tell rules apart by their names.
  ///
  /// - Parameter fix: what to do about two that have one name.
  mutating func refuseNamesakes(_ rules: [PlacedName], fix: String) {
    var owners: [String: ValueOrigin] = [:]
    for rule in rules {
      if let owner = owners[rule.name] {
        problems.append(
          ConfigurationProblem(
            .error, at: rule.origin, key: rule.key, what: "another rule is named \(rule.name) (\(owner))", fix: fix))
      } else {
        owners[rule.name] = rule.origin
      }
    }
  }
}

/// A rule's name and where it stands.
struct PlacedName {
  let name: String
  let key: String
  let origin: ValueOrigin

  init(_ rule: PlacedRule<some Any>) {
    (name, key, origin) = (rule.name, rule.key, rule.origin)
  }
}
