/// Which models clients may ask for.
public struct ModelAccess: Sendable {
  /// Nothing else is allowed; empty allows every model.
  public let allow: [ModelPattern]
  /// Refused even when `allow` has it.
  public let deny: [ModelPattern]

  /// Takes the patterns in the operator's order.
  public init(allow: [ModelPattern] = [], deny: [ModelPattern] = []) {
    self.allow = allow
    self.deny = deny
  }

  /// Whether every model is allowed.
  public var isOpen: Bool { allow.isEmpty && deny.isEmpty }

  /// Whether a request may go on.
  public enum Decision: Sendable, Equatable {
    /// It may.
    case allowed
    /// Refuse with `model_not_allowed`; `rule` is the pattern that denied it, nil when no pattern allows it.
    case refused(rule: ModelPattern?, nearNames: [String])
  }

  /// Whether `asked`, which the catalog reads as `model`, may be used.
  ///
  /// A pattern is held against the name as asked, the name sent upstream and the catalog's id, each with and
  /// without a suffix: a denied model cannot be had under another of its names.
  public func decide(_ asked: String, model: ResolvedModel, catalog: ModelCatalog) -> Decision {
    if permits(asked, model: model) { return .allowed }
    let names = ModelAccess.names(asked, model)
    let rule = deny.first { rule in names.contains(where: rule.matches) }
    return .refused(rule: rule, nearNames: nearNames(asked, catalog))
  }

  /// The same for who tells nobody of other names: to find those that are near takes far longer than to decide.
  public func permits(_ asked: String, model: ResolvedModel) -> Bool {
    if isOpen { return true }
    let names = ModelAccess.names(asked, model)
    if deny.contains(where: { rule in names.contains(where: rule.matches) }) { return false }
    return allow.isEmpty || allow.contains { rule in names.contains(where: rule.matches) }
  }

  /// The models of the catalog that clients may ask for, in the catalog's order.
  public func allowed(in catalog: ModelCatalog) -> [CatalogModel] {
    catalog.models.filter { permits($0.id, model: catalog.resolve($0.id)) }
  }

  /// Patterns that fit no name of the catalog: most likely a slip.
  public func deadPatterns(in catalog: ModelCatalog) -> [ModelPattern] {
    let names = catalog.models.flatMap { [$0.id] + $0.aliases + $0.spellings }
    return (allow + deny).filter { pattern in
      let base = ModelPattern(String(ModelName.split(pattern.description).base))
      return !names.contains { pattern.matches($0) || base.matches($0) }
    }
  }

  private func nearNames(_ asked: String, _ catalog: ModelCatalog) -> [String] {
    NearNames.of(asked, in: catalog.suggestibleNames.filter { permits($0, model: catalog.resolve($0)) })
  }

  private static func names(_ asked: String, _ model: ResolvedModel) -> [String] {
    var names = [asked, model.upstreamID]
    names += names.map { String(ModelName.split($0).base) }
    if let id = model.catalogID { names.append(id) }
    return names
  }
}

extension ModelCatalog {
  /// Every exact name that a message may suggest: ids, aliases and spellings.
  public var suggestibleNames: [String] {
    models.flatMap { [$0.id] + ($0.aliases + $0.spellings).filter { !$0.hasSuffix("*") } }
  }
}
