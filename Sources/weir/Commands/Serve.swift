import ArgumentParser
import WeirConfiguration

/// `weir serve`.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the proxy (the default command).",
    discussion: """
      Applications set their base URL to http://127.0.0.1:8787/v1 (WEIR_LISTEN). Metrics and health are on \
      http://127.0.0.1:9787 (WEIR_ADMIN_LISTEN). SIGHUP reads the configuration again; SIGTERM lets open requests \
      finish for WEIR_DRAIN_SECONDS, a second one ends at once.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let options = options
    try await ProxyRun(
      configuration: try options.loadOrExit(), load: { () throws(ConfigurationProblems) in try options.load() }
    ).run()
  }
}
