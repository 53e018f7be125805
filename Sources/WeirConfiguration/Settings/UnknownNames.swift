/// Names that look like settings and are none.
enum UnknownNames {
  /// What to do about a `WEIR_` variable that does not exist.
  static func fix(forVariable name: String) -> String {
    let known = Settings.all.flatMap(\.ownNames)
    return NearestName.of(name, among: known).map { "did you mean \($0)?" } ?? "remove it"
  }

  /// What to do about a YAML key that does not exist: the nearest path, also where only the last part or the
  /// variable's name was written.
  static func fix(forYAMLKey key: String) -> String {
    if Settings.byYAMLPath[key] != nil || SectionKeys.sectionPaths.contains(key) {
      return "write it nested: each part of \(key) on a line of its own, indented"
    }
    if let entry = Settings.byVariable[key] {
      return entry.yamlPath.map { "that is a variable; its key here is \($0)" }
        ?? "set it as a variable: it cannot stand in this file"
    }
    var nearest: (path: String, distance: Int)?
    let known = Settings.all.compactMap(\.yamlPath) + Settings.yamlSections.sorted() + SectionKeys.plainPaths
    for path in known {
      let leaf = path.split(separator: ".").last.map(String.init) ?? path
      // A right leaf in the wrong place is a little less likely than a misspelt path.
      var distance = min(NearestName.distance(key, path), NearestName.distance(key, leaf) + 1)
      // What was left out at the end says less than a letter that is wrong.
      if path.hasPrefix(key) { distance = min(distance, 2) }
      if nearest.map({ distance < $0.distance }) ?? true { nearest = (path, distance) }
    }
    return nearest.map { "did you mean \($0.path)?" } ?? "remove it"
  }

  /// A name that is not weir's to judge, but so near a Kimi setting's that it is most likely one misspelt;
  /// the setting's name, or nil.
  static func kimiSetting(meantBy name: String) -> String? {
    guard name.hasPrefix("KIMI_") || name.hasPrefix("FEATURE_KIMI"), Settings.byVariable[name] == nil else {
      return nil
    }
    let own: [String] = Settings.all.flatMap(\.ownNames)
    let known = own.filter { $0.contains("KIMI") }
    guard let nearest = NearestName.of(name, among: known), NearestName.distance(name, nearest) <= 4 else {
      return nil
    }
    return nearest
  }

  /// Whether a variable is one that Kubernetes adds to every pod for a Service whose name begins with `weir`
  /// (`WEIR_SERVICE_HOST`, `WEIR_PORT=tcp://…`, `WEIR_PORT_8787_TCP_ADDR`): nobody wrote it, so it is no
  /// mistake. See Kubernetes, "Discovering services", environment variables.
  static func isKubernetesServiceLink(
    _ name: String, value: String, in environment: [String: String]
  ) -> Bool {
    guard environment["KUBERNETES_SERVICE_HOST"] != nil else { return false }
    if name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT") { return true }
    let isLink = ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
    if name.hasSuffix("_PORT") && isLink { return true }
    let parts = name.split(separator: "_")
    guard let mark = parts.lastIndex(where: { $0.utf8.allSatisfy(ASCII.isDigit) }), mark > 0,
      mark + 1 < parts.count
    else { return false }
    return parts[mark - 1] == "PORT" && ["TCP", "UDP", "SCTP"].contains(parts[mark + 1])
  }
}

extension UnknownNames {
  /// Every variable of the environment and the env file that seems meant for weir and is not known.
  static func problems(in resolver: SettingsResolver) -> [ConfigurationProblem] {
    let environment = resolver.sources.environment
    var problems: [ConfigurationProblem] = []
    for (name, value) in environment.sorted(by: { $0.key < $1.key })
    where !isKubernetesServiceLink(name, value: value, in: environment) {
      if let problem = problem(name, value, .environment(name: name)) { problems.append(problem) }
    }
    for (name, entry) in resolver.envFile.entries.sorted(by: { $0.value.line < $1.value.line }) {
      let origin = ValueOrigin.file(path: resolver.envFilePath, line: entry.line)
      if name == Settings.envFile.entry.name {
        problems.append(
          ConfigurationProblem(
            .error, at: origin, key: name, what: "the env file cannot name another one",
            fix: "set it in the environment, or use --env-file"))
      } else if let problem = problem(name, entry.value, origin) {
        problems.append(problem)
      }
    }
    return problems
  }

  private static func problem(
    _ name: String, _ value: String, _ origin: ValueOrigin
  ) -> ConfigurationProblem? {
    guard Settings.byVariable[name] == nil, !ASCII.trimmed(value).isEmpty else { return nil }
    if name.hasPrefix("WEIR_") {
      return ConfigurationProblem(
        .error, at: origin, key: name, what: "there is no such variable", fix: fix(forVariable: name))
    }
    return kimiSetting(meantBy: name).map { meant in
      ConfigurationProblem(
        .warning, at: origin, key: name, what: "this variable is not read", fix: "did you mean \(meant)?")
    }
  }
}
