import ArgumentParser
import WeirConfiguration

/// `weir check`.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Validates the configuration and prints what is in effect, with where each value came from.",
    discussion: """
      Exit status 0, or 78 with every problem listed. A rule that names what does not exist, or can never match, counts \
      as a problem here, although weir would start with it. Secrets are shown as ***.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Prints JSON.")
  var json = false

  func run() throws {
    let configuration = try options.loadOrExit()
    Terminal.say(json ? ConfigurationReport.json(configuration) : ConfigurationReport.text(configuration))
    if configuration.warnings.contains(where: \.isDeadRule) { throw ExitCode.configuration }
  }
}
