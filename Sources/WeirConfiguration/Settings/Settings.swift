/// The one registry of settings: parsing, `weir check`, name suggestions and the reference come from it.
///
/// A new setting is one entry here, its place in `all`, and its field in `Configuration`.
enum Settings {
  /// Every setting, in the order of the reference.
  static let all: [SettingEntry] =
    listeners + upstream + moonshot + kimi + rollouts + clients + limits + timeouts + spending + pricing + caching
    + resilience + hygiene + metering + keeping + auditing + watching + observing + logging + files + sharedState

  /// The setting that a variable names, own names and shared ones.
  static let byVariable: [String: SettingEntry] = Dictionary(
    all.flatMap { entry in (entry.ownNames + entry.sharedNames).map { ($0, entry) } },
    uniquingKeysWith: { first, _ in first })

  /// The setting at a path of the YAML file.
  static let byYAMLPath: [String: SettingEntry] = Dictionary(
    all.compactMap { entry in entry.yamlPath.map { ($0, entry) } }, uniquingKeysWith: { first, _ in first })

  /// The keys of the YAML file that hold settings but are none: `upstream` for `upstream.url`.
  static let yamlSections: Set<String> = Set(
    byYAMLPath.keys.flatMap { path in
      let parts = path.split(separator: ".")
      return (1..<max(parts.count, 1)).map { parts.prefix($0).joined(separator: ".") }
    })
}

extension Settings {
  /// Whether a variable is weir's own: one of the registry, or one that begins as only weir's do.
  static func claims(_ variable: String) -> Bool {
    byVariable[variable] != nil || variable.hasPrefix("WEIR_")
  }
}
