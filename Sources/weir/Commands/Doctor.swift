import ArgumentParser
import WeirConfiguration
import WeirProxy

/// `weir doctor`.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a real round trip through the configured upstream and says what works and what to do.",
    discussion: """
      Checks the key, the credits and the model, then asks for one short completion; with WEIR_REDIS_URL also whether
      the shared store would be used. Exit status 0 or 1.
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let configuration = try options.loadOrExit()
    for warning in configuration.warnings { Terminal.say("\(warning)") }
    let examination = try await Examination.run(configuration) { line in Terminal.say(Terminal.plain(line)) }
    let isSharing = await StoreExamination.run(configuration) { line in Terminal.say(Terminal.plain(line)) }
    if !examination || !isSharing { throw ExitCode.failure }
  }
}
