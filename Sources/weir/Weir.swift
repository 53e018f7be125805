import ArgumentParser
import WeirConfiguration

/// The one executable; `serve` is what runs when no command is named.
@main
struct Weir: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir",
    abstract: "A sidecar proxy for LLM APIs: point your OpenAI client's base URL at it.",
    discussion: """
      weir forwards to OpenRouter or another OpenAI-compatible upstream. It is configured by environment variables \
      (OPENROUTER_API_KEY, WEIR_LISTEN, ...), an env file and a YAML file; `weir check` shows what is in effect.
      """,
    version: Version.line,
    subcommands: [
      Serve.self, Demo.self, Simulate.self, Check.self, Explain.self, Doctor.self, Report.self, RolloutCommand.self,
      Health.self, AuditCommand.self, KeyCommand.self,
    ],
    defaultSubcommand: Serve.self)

  /// Where the process begins.
  static func main() async {
    // Does not return where the command fails.
    await main(nil)
    Terminal.endUnlessWritten()
  }
}

/// Where the configuration is read from.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .customLong("config"), help: "YAML file (also WEIR_CONFIG).")
  var configPath: String?

  @Option(name: .customLong("env-file"), help: "Env file (also WEIR_ENV_FILE; .env where there is one).")
  var envFilePath: String?

  @Flag(help: "Accepts listeners that others reach without a key (also WEIR_INSECURE=true).")
  var insecure = false

  /// Reads files; not to be called on an event loop.
  func load() throws(ConfigurationProblems) -> Configuration {
    try ConfigurationLoader.load(sources, readFile: DiskFile.read)
  }

  /// Reads files, or ends the command with every problem listed.
  func loadOrExit() throws -> Configuration {
    try Self.orExit { () throws(ConfigurationProblems) in try load() }
  }

  /// Where a proxy that runs with these files listens, whatever else is wrong with them.
  func listeners() throws(ConfigurationProblems) -> Configuration.Listeners {
    try ConfigurationLoader.listeners(sources, readFile: DiskFile.read)
  }

  /// What `listeners` gives, or every problem listed and the command's end.
  func listenersOrExit() throws -> Configuration.Listeners {
    try Self.orExit { () throws(ConfigurationProblems) in try listeners() }
  }

  private var sources: ConfigurationSources {
    ConfigurationSources(
      environment: ProcessEnvironment.all(), configPath: configPath, envFilePath: envFilePath,
      isInsecureAccepted: insecure)
  }

  /// What `load` gives, or every problem listed and the command's end.
  static func orExit<Loaded>(_ load: () throws(ConfigurationProblems) -> Loaded) throws -> Loaded {
    do {
      return try load()
    } catch {
      Terminal.complain("weir: the configuration is not valid:")
      for problem in error.all { Terminal.complain("  \(problem)") }
      throw ExitCode.configuration
    }
  }
}

extension ExitCode {
  /// EX_CONFIG of sysexits.h.
  static let configuration = ExitCode(78)
  /// EX_USAGE of sysexits.h.
  static let usage = ExitCode(64)
}
