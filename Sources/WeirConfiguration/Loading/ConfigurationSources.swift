/// What a configuration is made from; the files are read when it is loaded.
public struct ConfigurationSources: Sendable {
  /// The process environment.
  public let environment: [String: String]
  /// `--config`; nil leaves it to `WEIR_CONFIG`.
  public let configPath: String?
  /// `--env-file`; nil leaves it to `WEIR_ENV_FILE`, else to `.env` if there is one.
  public let envFilePath: String?
  /// `--insecure`: the operator accepts listeners that others reach without a key.
  public let isInsecureAccepted: Bool

  /// Pairs an environment with the command line's flags.
  public init(
    environment: [String: String], configPath: String?, envFilePath: String?, isInsecureAccepted: Bool = false
  ) {
    self.environment = environment
    self.configPath = configPath
    self.envFilePath = envFilePath
    self.isInsecureAccepted = isInsecureAccepted
  }

  /// By the name of the setting that each flag speaks for.
  var flags: [String: (flag: String, value: String)] {
    var flags: [String: (flag: String, value: String)] = [:]
    flags[Settings.configFile.entry.name] = configPath.map { ("--config", $0) }
    flags[Settings.envFile.entry.name] = envFilePath.map { ("--env-file", $0) }
    if isInsecureAccepted { flags[Settings.insecure.entry.name] = ("--insecure", "true") }
    return flags
  }
}
