import WeirPolicy
import WeirWire

/// What is looked for in requests, worked out from the section `screening`.
struct ScreeningParts {
  let policy: ScreeningPolicy
  let rows: [EffectiveValue]

  init(_ section: ScreeningSection, _ names: NameChecks, _ resolver: inout SettingsResolver) {
    resolver.refuseNamesakes(section.rules.map { PlacedName($0) }, fix: "give each rule a name of its own")
    let clients = section.rules.map(\.clients) + section.tokens.map(\.clients) + section.tools.map(\.clients)
    let models = section.rules.map(\.models) + section.tokens.map(\.models) + section.tools.map(\.models)
    resolver.problems += clients.flatMap(names.deadClients) + models.flatMap(names.deadPatterns)
    let unread = section.unread?.value ?? .pass
    policy = ScreeningParts.policy(section, unread, &resolver)
    let path = resolver.yaml.path
    if section.unread == nil, let rule = section.rules.first(where: { $0.rule.action != .flag }) {
      resolver.problems.append(
        ConfigurationProblem(
          .warning, at: rule.origin, key: rule.key,
          what: "bodies that weir does not read (multipart, other paths) are not screened",
          fix: "set screening.unread to refuse, or to pass if that is meant"))
    }
    rows =
      section.rules.map { .row("screening.rules[\($0.name)]", $0.rule.summary, $0.origin) }
      + section.tokens.map { .row($0.key, $0.rule.summary, $0.origin) }
      + section.tools.map { .row($0.key, $0.rule.summary, $0.origin) }
      + [.row("screening.unread", unread.rawValue, path: path, line: section.unread?.line)]
  }

  /// Each pattern was compiled by itself before, so that only memory can lack.
  private static func policy(
    _ section: ScreeningSection, _ unread: ScreeningPolicy.Unread, _ resolver: inout SettingsResolver
  ) -> ScreeningPolicy {
    do throws(PatternFault) {
      return try ScreeningPolicy(
        rules: section.rules.map(\.rule), tokens: section.tokens.map(\.rule), tools: section.tools.map(\.rule),
        unread: unread)
    } catch {
      resolver.problems.append(
        ConfigurationProblem(
          .error, source: resolver.yaml.path, key: "screening.rules",
          what: "the patterns cannot be used together (\(error))",
          fix: "use fewer or smaller ones"))
      return .none
    }
  }
}

extension ScreeningScope {
  /// What follows a rule in `weir check`.
  fileprivate var summary: String {
    (clients.isEmpty ? "" : ", clients " + clients.joined(separator: ","))
      + (models.isEmpty ? "" : ", models " + models.map(\.description).joined(separator: ","))
  }
}

extension ContentRule {
  fileprivate var summary: String {
    let what =
      switch content {
      case .pattern: "a pattern"
      case .builtIn(let content): content.rawValue
      }
    let texts = TextRole.allCases.filter(roles.has).map(\.name).joined(separator: ",")
    return "\(action.rawValue) \(what), in \(texts)" + scope.summary
  }
}

extension TokenRule {
  fileprivate var summary: String {
    let bounds = [
      maximumInput.map { "\($0) input tokens" },
      maximumOutput.map { "\($0) output tokens (over: \(over.rawValue), absent: \(absent.rawValue))" },
    ]
    return bounds.compactMap { $0 }.joined(separator: ", ") + scope.summary
  }
}

extension ToolRule {
  fileprivate var summary: String {
    var parts: [String] = []
    if !permissions.allow.isEmpty {
      parts.append("allow " + permissions.allow.map(\.description).joined(separator: ","))
    }
    if !permissions.deny.isEmpty { parts.append("deny " + permissions.deny.map(\.description).joined(separator: ",")) }
    parts.append(
      "requests: \(onOffer.rawValue), replies: \(permissions.onReply.rawValue), history: \(onHistory.rawValue)")
    return parts.joined(separator: ", ") + scope.summary
  }
}
