import ArgumentParser
import WeirConfiguration
import WeirProxy

/// `weir serve`.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the proxy (the default command).",
    discussion: """
      Applications set their base URL to http://127.0.0.1:8787/v1 (WEIR_LISTEN). Metrics and health are on \
      http://127.0.0.1:9787 (WEIR_ADMIN_LISTEN). SIGHUP reads the configuration again; SIGTERM lets open requests \
      finish for WEIR_DRAIN_SECONDS, a second one ends at once.

      weir serve --take-over starts in the place of the proxy that runs with the same listeners, which then serves out \
      what it has: an upgrade, or a setting that needs a restart, without a failed request. Where none runs, it just starts.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Takes the listeners over from the running proxy.")
  var takeOver = false

  func run() async throws {
    let options = options
    let configuration = try options.loadOrExit()
    var run = ProxyRun(
      configuration: configuration, load: { () throws(ConfigurationProblems) in try options.load() })
    run.sockets = run.supervisor.listenerSockets
    if takeOver, let predecessor = try await Predecessor.announce(configuration.listeners) {
      run.sockets.sharesAddresses = true
      run.whenListening = { _ in predecessor.relieve() }
    }
    try await run.run()
  }
}
