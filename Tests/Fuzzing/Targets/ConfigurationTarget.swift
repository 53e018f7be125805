import WeirConfiguration

/// The two files: loading ends with a configuration or with problems that say what and where, the same each time, and
/// none shows a key.
enum ConfigurationTarget {
  private static let key = "sk-or-canary-7f3a9"

  static func check(_ bytes: [UInt8]) throws(Finding) {
    let asYAML = ["weir.yaml": bytes, ".env": Array("OPENROUTER_API_KEY=\(key)\n".utf8)]
    try checkTwice(asYAML, configPath: "weir.yaml")
    try checkTwice([".env": Array("OPENROUTER_API_KEY=\(key)\n".utf8) + bytes], configPath: nil)
  }

  private static func checkTwice(_ files: [String: [UInt8]], configPath: String?) throws(Finding) {
    let first = told(files, configPath)
    try expect(first == told(files, configPath), "loading twice tells two things")
    for line in first {
      try expect(!line.contains(key), "a key is shown: \(line)")
      try expect(!line.isEmpty, "a problem says nothing")
    }
  }

  private static func told(_ files: [String: [UInt8]], _ configPath: String?) -> [String] {
    let sources = ConfigurationSources(environment: [:], configPath: configPath, envFilePath: nil)
    do throws(ConfigurationProblems) {
      let configuration = try ConfigurationLoader.load(sources) { path in
        guard let bytes = files[path] else { throw FileReadError(path: path, reason: .notFound) }
        return bytes
      }
      return configuration.warnings.map(\.description) + configuration.origins.map { "\($0)" }
    } catch {
      return error.all.map(\.description)
    }
  }
}
