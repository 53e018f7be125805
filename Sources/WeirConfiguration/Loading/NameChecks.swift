import WeirPolicy

/// Holds the clients and models that rules name against those that there are.
struct NameChecks {
  let path: String
  /// Empty where no keys are asked for, and everybody is anonymous.
  let clients: Set<String>
  let catalog: ModelCatalog

  init(path: String, clients: [String], catalog: ModelCatalog) {
    self.path = path
    self.clients = Set(clients)
    self.catalog = catalog
  }

  /// Clients that no request can come from.
  func deadClients(_ names: [Located<String>]) -> [ConfigurationProblem] {
    names.compactMap { name in
      if clients.isEmpty {
        guard name.value != ClientDirectory.anonymous else { return nil }
        return deadRule(
          name, "there is no client \(name.value)",
          fix: "add it to clients or WEIR_CLIENT_KEYS; without keys, every client is anonymous")
      }
      guard !clients.contains(name.value) else { return nil }
      let near = NearestName.of(name.value, among: clients.sorted())
      return deadRule(
        name, "there is no client \(name.value)",
        fix: near.map { "did you mean \($0)?" } ?? "add it to clients, or remove it here")
    }
  }

  /// Patterns that fit no name that goes upstream. An alias never does: it is rewritten before.
  func deadPatterns(_ patterns: [Located<String>]) -> [ConfigurationProblem] {
    patterns.compactMap { place in
      let pattern = ModelPattern(place.value)
      if !ModelAccess(deny: [pattern]).deadPatterns(in: catalog).isEmpty {
        return deadRule(
          place, "\(place.value) fits no model of the catalog", fix: PolicyChecks.remedy(place.value, catalog))
      }
      let resolved = catalog.resolve(place.value)
      guard pattern.isExact, resolved.isKnown, !pattern.matches(resolved.upstreamID) else { return nil }
      return deadRule(
        place, "\(place.value) goes upstream under another name", fix: "name that: \(resolved.upstreamID)")
    }
  }

  /// A rule that can never have an effect, as it is written.
  func deadRule<Value>(_ place: Located<Value>, _ what: String, fix: String) -> ConfigurationProblem {
    ConfigurationProblem(
      .warning, source: path, line: place.line, key: place.key, what: what, fix: fix, isDeadRule: true)
  }
}

extension EffectiveValue {
  /// A row of the sections: the value in effect and the line that says it; without a line, the default.
  static func row(_ name: String, _ text: String, path: String, line: Int?) -> EffectiveValue {
    row(name, text, line.map { .file(path: path, line: $0) } ?? .builtIn)
  }

  static func row(_ name: String, _ text: String, _ origin: ValueOrigin) -> EffectiveValue {
    EffectiveValue(name: name, text: text, origin: origin, isReloadable: true)
  }
}
