import ArgumentParser
import WeirConfiguration
import WeirPolicy
import WeirProxy
import WeirSimulator

/// `weir demo`.
struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the proxy against the built-in OpenRouter simulator: no key, no network.",
    discussion: """
      Sends itself a little traffic, so that there is something to see, and opens a rollout of Kimi at 25 % unless the \
      configuration has rollouts of its own. Of the configuration's upstreams, keys, shared store, state files, audit log \
      and webhook nothing is used.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(inversion: .prefixedNo, help: "Sends requests of its own.")
  var traffic = true

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
    let sendsTraffic = traffic
    run.whenListening = { proxy in
      Self.welcome(traffic: proxy.trafficPort, admin: proxy.adminPort, sendsTraffic: sendsTraffic)
      let port = proxy.trafficPort
      // Ends with the process.
      if sendsTraffic { Task { try await DemoTraffic(port: port).run() } }
    }
    try await run.run()
    await simulator.stop()
  }

  private static func welcome(traffic: Int, admin: Int, sendsTraffic: Bool) {
    let own = sendsTraffic ? "weir sends itself a request now and then (--no-traffic stops that). " : ""
    Terminal.mention(
      """

      weir demo is running: your OpenAI base URL is http://127.0.0.1:\(traffic)/v1 (simulated upstream, costs nothing).

      Try, in another terminal:

        curl http://127.0.0.1:\(traffic)/v1/chat/completions -H 'content-type: application/json' -d '{"model":"kimi-k2","messages":[{"role":"user","content":"Say hello."}]}'

        curl -N http://127.0.0.1:\(traffic)/v1/chat/completions -H 'content-type: application/json' -d '{"model":"kimi-k2","stream":true,"messages":[{"role":"user","content":"Count to ten."}]}'

        curl http://127.0.0.1:\(admin)/metrics

      Status page: http://127.0.0.1:\(admin)/

      \(own)Which share of users is moved to Kimi, and how to move half of them:

        weir rollout --admin 127.0.0.1:\(admin)
        weir rollout --admin 127.0.0.1:\(admin) kimi 50

      Ctrl-C ends it. What happened is in its ledger: weir report

      """)
  }
}

extension ConfigurationOptions {
  /// The operator's configuration with the simulator in the upstreams' place, so that no key leaves and nothing costs.
  fileprivate func loadForDemo(upstream url: String) throws(ConfigurationProblems) -> Configuration {
    var environment = ProcessEnvironment.all()
    environment["WEIR_UPSTREAM_URL"] = url
    environment["KIMI_K2_BASE_URL"] = nil
    environment["KIMI_K2_API_KEY"] = nil
    environment["OPENROUTER_API_KEY"] = "sk-demo"
    environment["WEIR_LOG_FORMAT"] = environment["WEIR_LOG_FORMAT"] ?? "text"
    let configured = try loadForDemo(environment)
    let hasRollout = configured.rollouts.shares.contains { $0.hundredths > 0 }
    if !hasRollout, environment["KIMI_ROLLOUT_PERCENTAGE"] == nil {
      environment["KIMI_ROLLOUT_PERCENTAGE"] = "25"
      return try demonstrated(loadForDemo(environment))
    }
    return demonstrated(configured)
  }

  private func demonstrated(_ configuration: Configuration) -> Configuration {
    configuration.demonstration(at: configuration.upstream.url)
  }

  private func loadForDemo(_ environment: [String: String]) throws(ConfigurationProblems) -> Configuration {
    try ConfigurationLoader.load(
      ConfigurationSources(
        environment: environment, configPath: configPath, envFilePath: envFilePath,
        isInsecureAccepted: insecure),
      readFile: DiskFile.read)
  }
}
