/// Makes a configuration from its sources: all of it, or all that is wrong with it.
///
/// Pure but for `readFile`, so that every rule is tested without a disk. Blocks while files are read; never
/// call it on an event loop.
public enum ConfigurationLoader {
  /// Reads and checks everything.
  ///
  /// `readFile` throws `FileReadError` with `.notFound` where nothing is at the path: only then may the
  /// default env file be left out. Throws every problem at once, warnings included.
  public static func load(
    _ sources: ConfigurationSources, readFile: (String) throws -> [UInt8]
  ) throws(ConfigurationProblems) -> Configuration {
    var resolver = SettingsResolver(sources)
    var files: [String] = []
    readEnvFile(into: &resolver, &files, readFile)
    readYAMLFile(into: &resolver, &files, readFile)
    readClientsFile(into: &resolver, &files, readFile)
    resolver.problems += UnknownNames.problems(in: resolver)
    resolver.warnOfRivalNames()

    let parts = ConfigurationParts(&resolver)
    resolver.problems += ConfigurationChecks.problems(of: parts, resolver, readFile)
    let policy = PolicyParts(parts, &resolver)

    let problems = inOrderOfSources(resolver.problems, files)
    guard problems.allSatisfy({ $0.severity == .warning }) else { throw ConfigurationProblems(problems) }
    let origins = Settings.all.compactMap { resolver.effective[$0.name] }
    return parts.configuration(policy, origins: origins, warnings: problems, files: files)
  }

  /// Where a proxy with these sources listens, whatever else is wrong with them: files may be broken on disk while it runs
  /// well. Throws what is wrong with those settings.
  public static func listeners(
    _ sources: ConfigurationSources, readFile: (String) throws -> [UInt8]
  ) throws(ConfigurationProblems) -> Configuration.Listeners {
    var resolver = SettingsResolver(sources)
    var files: [String] = []
    readEnvFile(into: &resolver, &files, readFile)
    readYAMLFile(into: &resolver, &files, readFile)
    resolver.problems = []
    let listeners = Configuration.Listeners(&resolver)
    let problems = inOrderOfSources(resolver.problems, files)
    guard problems.allSatisfy({ $0.severity == .warning }) else { throw ConfigurationProblems(problems) }
    return listeners
  }

  /// The env file cannot name itself, so only the flag and the environment are asked for its path.
  private static func readEnvFile(
    into resolver: inout SettingsResolver, _ files: inout [String], _ readFile: (String) throws -> [UInt8]
  ) {
    let given = resolver.value(Settings.envFile)
    let path = given ?? defaultEnvFile
    files.append(path)
    do {
      resolver.envFile = EnvFile(try readFile(path), path: path)
      resolver.envFilePath = path
      resolver.problems += resolver.envFile.problems
      resolver.record(Settings.envFile.entry, path, resolver.place(of: Settings.envFile).origin)
    } catch {
      if given == nil, isAbsence(error) { return }
      resolver.problems.append(unreadable(error, path, resolver.place(of: Settings.envFile)))
    }
  }

  private static func readYAMLFile(
    into resolver: inout SettingsResolver, _ files: inout [String], _ readFile: (String) throws -> [UInt8]
  ) {
    guard let path = resolver.value(Settings.configFile) else { return }
    files.append(path)
    do {
      resolver.yaml = YAMLFile(try readFile(path), path: path)
      resolver.problems += resolver.yaml.problems
    } catch {
      resolver.problems.append(unreadable(error, path, resolver.place(of: Settings.configFile)))
    }
  }

  private static func readClientsFile(
    into resolver: inout SettingsResolver, _ files: inout [String], _ readFile: (String) throws -> [UInt8]
  ) {
    guard let path = resolver.value(Settings.clientsFile) else { return }
    files.append(path)
    do {
      let file = YAMLFile(clients: try readFile(path), path: path)
      resolver.clientsFile = ClientsFile(path: path, section: file.sections[YAMLFile.clientsKey])
      resolver.problems += file.problems
    } catch {
      resolver.problems.append(unreadable(error, path, resolver.place(of: Settings.clientsFile)))
    }
  }

  private static let defaultEnvFile = ".env"

  /// A directory of that name is a Python environment's, not an env file.
  private static func isAbsence(_ error: any Error) -> Bool {
    let reason = (error as? FileReadError)?.reason
    return reason == .notFound || reason == .isDirectory
  }

  /// Command line, environment, then the files in the order in which they were read, each from its top; last
  /// what belongs to no source.
  private static func inOrderOfSources(
    _ problems: [ConfigurationProblem], _ files: [String]
  ) -> [ConfigurationProblem] {
    func rank(_ problem: ConfigurationProblem) -> (Int, Int) {
      switch problem.source {
      case "command line": (0, 0)
      case "environment": (1, 0)
      default: (files.firstIndex(of: problem.source).map { $0 + 2 } ?? .max, problem.line ?? 0)
      }
    }
    return problems.enumerated().sorted { left, right in
      let (a, b) = (rank(left.element), rank(right.element))
      return a == b ? left.offset < right.offset : a < b
    }.map(\.element)
  }

  static func unreadable(
    _ error: any Error, _ path: String, _ place: (origin: ValueOrigin, key: String)
  ) -> ConfigurationProblem {
    let what = (error as? FileReadError)?.description ?? "the file cannot be read"
    return ConfigurationProblem(
      .error, at: place.origin, key: place.key, what: "\(path): \(what)",
      fix: "name a file that weir can read")
  }
}
