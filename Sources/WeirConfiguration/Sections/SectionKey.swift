/// One key of a YAML section that variables cannot say; readers, name suggestions and the reference use the
/// same registry.
struct SectionKey: Sendable {
  let group: SectionGroup
  let name: String
  let typeName: String
  let isRequired: Bool
  /// One sentence without its full stop, with the default where there is one.
  let doc: String

  init(
    _ group: SectionGroup, _ name: String, _ typeName: String, required isRequired: Bool = false,
    _ doc: String
  ) {
    self.group = group
    self.name = name
    self.typeName = typeName
    self.isRequired = isRequired
    self.doc = doc
  }

  /// The key's place as the reference writes it, `[]` after what is a list.
  var path: String { group == .root ? name : "\(group.rawValue).\(name)" }
}

/// The groups of keys within sections, by their place in the file.
enum SectionGroup: String, Sendable, CaseIterable {
  case root = ""
  case models
  case catalogModel = "models.catalog[]"
  case prices = "models.catalog[].prices"
  case systemPrompt = "models.catalog[].system_prompt"
  case rule = "models.catalog[].parameters[]"
  case routes = "models.routes"
  case rollout = "rollouts[]"
  case variant = "rollouts[].variants[]"
  case modelRetry = "models.catalog[].retry"
  case upstream = "upstreams.NAME"
  case upstreamTimeouts = "upstreams.NAME.timeouts"
  case upstreamRetry = "upstreams.NAME.retry"
  case limits
  case rate = "limits.rates[]"
  case concurrency = "limits.concurrency[]"
  case budget = "budgets[]"
  case client = "clients.NAME"
  case clientTools = "clients.NAME.tools"
  case cache
  case cacheModel = "cache.models[]"
  case resilience
  case ledger
  case pricing
  case baseline = "pricing.baseline"
  case resilienceRetry = "resilience.retry"
  case circuit = "resilience.circuit"
  case screening
  case screeningRule = "screening.rules[]"
  case screeningTokens = "screening.tokens[]"
  case screeningTools = "screening.tools[]"
}

/// The registry of section keys.
enum SectionKeys {
  /// Every key, in the order of the reference.
  static let all =
    roots + models + catalogModel + rules + routes + rollouts + upstreams + clients + limits + budgets + pricing + cache
    + resilience + screening + ledgerKeys

  static let roots = [
    SectionKey(.root, "version", "whole number", "The format of this file; 1 is the one there is"),
    SectionKey(.root, "models", "group", "Which models there are and who may ask for which"),
    SectionKey(
      .root, "rollouts", "list",
      "What moves users between models, the first that fits a request decides; a rollout named `kimi` "
        + "replaces the one that `KIMI_ROLLOUT_*` describe, and where those are set, they go before its values"),
    SectionKey(
      .root, "upstreams", "group",
      "Upstreams by name, beside the one of `WEIR_UPSTREAM_URL`, which is called `default` here; a name is up to 32 of "
        + "`a-z 0-9 - _`"),
    SectionKey(
      .root, "clients", "group",
      "Who may use this proxy, by name, beside `WEIR_CLIENT_KEYS`; a name is up to 64 of `A-Z a-z 0-9 . _ -`, and in "
        + "place of a client's group a key may stand"),
    SectionKey(.root, "budgets", "list", "What may be spent in a UTC day or month, beside `WEIR_BUDGET_USD_DAY`"),
    SectionKey(.root, "resilience", "group", "What happens when an upstream fails"),
    SectionKey(.root, "screening", "group", "What requests may hold: contents, tokens, tools"),
  ]

  static func keys(in group: SectionGroup) -> [SectionKey] { all.filter { $0.group == group } }

  /// The paths that are read as sections: keys of the file's top level, and those that share a group with settings.
  static let sectionPaths = Set((roots + limitKeys + ledgerKeys + pricingKeys + cacheKeys).map(\.path))

  /// Sections whose keys are names that the operator chose, with a setting among them.
  static let openSections: Set<String> = ["clients"]

  /// The places that a misspelt path may have meant, without list marks.
  static let plainPaths = all.map { $0.path.replacing("[]", with: "") }
}
