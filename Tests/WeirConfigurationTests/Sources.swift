import WeirConfiguration

/// Made-up sources: an environment, and files by path instead of a disk.
struct Sources {
  var environment: [String: String] = [:]
  var files: [String: String] = [:]
  var config: String?
  var envFile: String?

  func load() throws(ConfigurationProblems) -> Configuration {
    let files = files
    return try ConfigurationLoader.load(
      ConfigurationSources(environment: environment, configPath: config, envFilePath: envFile),
      readFile: { path in
        guard let text = files[path] else { throw FileReadError(path: path, reason: .notFound) }
        return Array(text.utf8)
      })
  }

  /// Errors and warnings, whether or not the load succeeds.
  var problems: [ConfigurationProblem] {
    do {
      return try load().warnings
    } catch {
      return error.all
    }
  }

  static func environment(_ variables: [String: String]) -> Sources {
    Sources(environment: variables)
  }

  static func envFile(_ text: String) -> Sources {
    Sources(files: [".env": text])
  }

  static func yaml(_ text: String) -> Sources {
    Sources(files: ["weir.yaml": text], config: "weir.yaml")
  }
}

extension Configuration {
  /// The row of `weir check` for a setting.
  func row(_ name: String) -> EffectiveValue? { origins.first { $0.name == name } }
}
