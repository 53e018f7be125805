import ArgumentParser
import WeirConfiguration
import WeirProxy
import WeirSimulator

/// `weir demo`.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the proxy against the built-in OpenRouter simulator: no key, no network.")

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let simulator: Simulator
    do {
      simulator = try Simulator.start(SimulatorOptions())
    } catch {
      Terminal.complain("weir demo: the simulator cannot listen: \(error)")
      throw ExitCode.failure
    }
    let url = simulator.url
    let load = { @Sendable [options] () throws(ConfigurationProblems) -> Configuration in
      try options.loadForDemo(upstream: url)
    }
    var run = ProxyRun(configuration: try ConfigurationOptions.orExit(load), load: load)
    run.honoursProxies = false
    run.whenListening = { proxy in
      Self.welcome(traffic: proxy.trafficPort, admin: proxy.adminPort)
    }
    try await run.run()
    await simulator.stop()
  }

  private static func welcome(traffic: Int, admin: Int) {
    Terminal.say(
      """

      weir demo is running: your OpenAI base URL is http://127.0.0.1:\(traffic)/v1 (simulated upstream, costs nothing).

      Try, in another terminal:

        curl http://127.0.0.1:\(traffic)/v1/chat/completions -H 'content-type: application/json' -d '{"model":"kimi-k2","messages":[{"role":"user","content":"Say hello."}]}'

        curl -N http://127.0.0.1:\(traffic)/v1/chat/completions -H 'content-type: application/json' -d '{"model":"kimi-k2","stream":true,"messages":[{"role":"user","content":"Count to ten."}]}'

        curl http://127.0.0.1:\(admin)/metrics

      Status page: http://127.0.0.1:\(admin)/

      """)
  }
}

extension ConfigurationOptions {
  /// The operator's configuration with the simulator in the upstream's place, so that no key leaves and nothing costs.
  fileprivate func loadForDemo(upstream url: String) throws(ConfigurationProblems) -> Configuration {
    var environment = ProcessEnvironment.all()
    environment["WEIR_UPSTREAM_URL"] = url
    environment["KIMI_K2_BASE_URL"] = nil
    environment["KIMI_K2_API_KEY"] = nil
    environment["OPENROUTER_API_KEY"] = "sk-demo"
    environment["WEIR_LOG_FORMAT"] = environment["WEIR_LOG_FORMAT"] ?? "text"
    return try ConfigurationLoader.load(
      ConfigurationSources(environment: environment, configPath: configPath, envFilePath: envFilePath),
      readFile: DiskFile.read)
  }
}
