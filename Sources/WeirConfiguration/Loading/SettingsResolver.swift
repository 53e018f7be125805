/// Finds each setting's value among the sources: command line, environment, env file, YAML file, default.
/// An empty value counts as none. Keeps where each value came from, and every problem on the way.
struct SettingsResolver {
  let sources: ConfigurationSources
  /// Replaced once it has been read.
  var envFile = EnvFile()
  /// The env file's path, for origins.
  var envFilePath = ""
  /// Replaced once it has been read.
  var yaml = YAMLFile()
  /// Of `WEIR_CLIENTS_FILE`; nil where there is none.
  var clientsFile: ClientsFile?

  var problems: [ConfigurationProblem] = []
  private(set) var effective: [String: EffectiveValue] = [:]

  init(_ sources: ConfigurationSources) {
    self.sources = sources
  }

  /// The setting's value; its default where nobody gave one, or where the one given is not valid, so that the
  /// other settings can still be checked.
  mutating func value<Value>(_ setting: Setting<Value>) -> Value {
    let entry = setting.entry
    let raw = rawValue(of: entry)
    guard let raw else {
      record(entry, entry.defaultText, .builtIn)
      return setting.fallback
    }
    do throws(ValueProblem) {
      let value = try setting.type.parse(raw.content)
      record(entry, setting.type.spell(value), raw.origin)
      return value
    } catch {
      report(.error, raw, error.what, error.fix)
      return setting.fallback
    }
  }

  /// Where the setting's value comes from, and the name under which it stands there.
  func place<Value>(of setting: Setting<Value>) -> (origin: ValueOrigin, key: String) {
    rawValue(of: setting.entry).map { ($0.origin, $0.key) } ?? (.builtIn, setting.entry.name)
  }

  /// Notes a value that was decided elsewhere.
  mutating func record(_ entry: SettingEntry, _ text: String, _ origin: ValueOrigin) {
    effective[entry.name] = EffectiveValue(
      name: entry.name, text: text, origin: origin, isReloadable: entry.isReloadable)
  }

  private mutating func report(
    _ severity: ConfigurationProblem.Severity, _ raw: RawValue, _ what: String, _ fix: String
  ) {
    problems.append(ConfigurationProblem(severity, at: raw.origin, key: raw.key, what: what, fix: fix))
  }
}

extension SettingsResolver {
  /// What the first source that names the setting holds. Names that are shared with other programs come last.
  func rawValue(of entry: SettingEntry) -> RawValue? {
    if let flag = sources.flags[entry.name], !ASCII.trimmed(flag.value).isEmpty {
      return RawValue(content: .text(flag.value), origin: .flag(name: flag.flag), key: flag.flag)
    }
    if let own = variable(entry.ownNames) { return own }
    if let path = entry.yamlPath, let raw = yaml.values[path], !isEmpty(raw) { return raw }
    return variable(entry.sharedNames)
  }

  private func variable(_ names: [String]) -> RawValue? {
    names.lazy.compactMap(inEnvironment).first ?? names.lazy.compactMap(inEnvFile).first
  }

  private func inEnvironment(_ name: String) -> RawValue? {
    guard let value = sources.environment[name], !ASCII.trimmed(value).isEmpty else { return nil }
    return RawValue(content: .text(value), origin: .environment(name: name), key: name)
  }

  private func inEnvFile(_ name: String) -> RawValue? {
    guard let entry = envFile.entries[name], !ASCII.trimmed(entry.value).isEmpty else { return nil }
    return RawValue(
      content: .text(entry.value), origin: .file(path: envFilePath, line: entry.line), key: name)
  }

  private func isEmpty(_ raw: RawValue) -> Bool {
    guard case .text(let text) = raw.content else { return false }
    return ASCII.trimmed(text).isEmpty
  }

  /// A warning for each setting that one source names twice, by name and by alias, with different values.
  mutating func warnOfRivalNames() {
    for entry in Settings.all where !entry.aliases.isEmpty {
      for source in [entry.ownNames.compactMap(inEnvironment), entry.ownNames.compactMap(inEnvFile)] {
        guard let used = source.first else { continue }
        for rival in source.dropFirst() where rival.content != used.content {
          report(
            .warning, rival, "\(used.key) is set too and goes before it",
            "keep one of the two: they mean the same")
        }
      }
    }
  }
}
