import Testing
import WeirConfiguration

@Suite("Where a value comes from")
struct PrecedenceTests {
  private let yaml = "limits: {max_in_flight: 4}\nlogging: {level: error}\nretries: 0\n"

  @Test("environment, then env file, then YAML, then default")
  func order() throws {
    var sources = Sources(
      environment: ["WEIR_MAX_IN_FLIGHT": "2"], files: ["weir.yaml": yaml, ".env": "WEIR_MAX_IN_FLIGHT=3"],
      config: "weir.yaml")
    #expect(try sources.load().limits.maxInFlight == 2)
    #expect(try sources.load().row("WEIR_MAX_IN_FLIGHT")?.origin == .environment(name: "WEIR_MAX_IN_FLIGHT"))
    sources.environment = [:]
    #expect(try sources.load().limits.maxInFlight == 3)
    #expect(try sources.load().row("WEIR_MAX_IN_FLIGHT")?.origin == .file(path: ".env", line: 1))
    sources.files[".env"] = nil
    #expect(try sources.load().limits.maxInFlight == 4)
    #expect(try sources.load().row("WEIR_MAX_IN_FLIGHT")?.origin == .file(path: "weir.yaml", line: 1))
    sources.config = nil
    #expect(try sources.load().limits.maxInFlight == 1024)
    #expect(try sources.load().row("WEIR_MAX_IN_FLIGHT")?.origin == .builtIn)
  }

  @Test("an empty value counts as none, in every source")
  func empty() throws {
    let sources = Sources(
      environment: ["WEIR_LOG_LEVEL": "", "WEIR_LISTEN": " \t", "WEIR_CONFIG": "", "WEIR_ENV_FILE": ""],
      files: ["weir.yaml": "logging: {level: ''}\nlisten:\n", ".env": "WEIR_LOG_LEVEL=\nWEIR_LISTEN=''\n"],
      config: "weir.yaml")
    let configuration = try sources.load()
    #expect(configuration.logging.level == .info)
    #expect(configuration.row("WEIR_LOG_LEVEL")?.origin == .builtIn)
    #expect(configuration.listeners.traffic.description == "127.0.0.1:8787")
  }

  @Test("an alias of a source beats the name itself in a later one")
  func alias() throws {
    let sources = Sources(
      environment: ["KIMI_K2_MODEL": "a"],
      files: [".env": "KIMI_MODEL_ID=b\nKIMI_K2_BASE_URL=http://localhost:1/v1"])
    let configuration = try sources.load()
    #expect(configuration.kimi.modelID == "a")
    #expect(configuration.row("KIMI_MODEL_ID")?.origin == .environment(name: "KIMI_K2_MODEL"))
    #expect(configuration.upstream.url.description == "http://localhost:1/v1")
  }

  @Test("a name beats its alias in the same source, and the operator is told if they differ")
  func rivals() throws {
    let same = Sources.environment(["OPENROUTER_API_KEY": "k1", "KIMI_K2_API_KEY": "k1"])
    #expect(same.problems.isEmpty)
    let differing = Sources.environment(["OPENROUTER_API_KEY": "k1", "KIMI_K2_API_KEY": "k2"])
    #expect(try differing.load().upstream.apiKey?.reveal() == "k1")
    #expect(differing.problems.map(\.severity) == [.warning])
    #expect(differing.problems.map(\.key) == ["KIMI_K2_API_KEY"])
  }

  @Test("variables shared with other programs count only where nothing names the setting itself")
  func shared() throws {
    let pem = "-----BEGIN CERTIFICATE-----"
    var sources = Sources(
      environment: ["CURL_CA_BUNDLE": "/c.pem", "SSL_CERT_FILE": "/s.pem"],
      files: ["/c.pem": pem, "/s.pem": pem, "/y.pem": pem, "weir.yaml": "upstream: {ca_file: /y.pem}"])
    #expect(try sources.load().upstream.certificateAuthorityFile == "/s.pem")
    #expect(sources.problems.isEmpty)
    sources.config = "weir.yaml"
    #expect(try sources.load().upstream.certificateAuthorityFile == "/y.pem")
  }

  @Test("flags go before the environment")
  func flags() throws {
    let sources = Sources(
      environment: ["WEIR_CONFIG": "missing.yaml", "WEIR_ENV_FILE": "missing.env"],
      files: ["a.yaml": "drain_seconds: 1", "a.env": "WEIR_LOG_LEVEL=debug"], config: "a.yaml",
      envFile: "a.env")
    let configuration = try sources.load()
    #expect(configuration.drain == .seconds(1))
    #expect(configuration.logging.level == .debug)
    #expect(configuration.row("WEIR_CONFIG")?.origin == .flag(name: "--config"))
    #expect(configuration.row("WEIR_ENV_FILE")?.text == "a.env")
    #expect(configuration.files == ["a.env", "a.yaml"])
  }

  @Test("the env file may name the YAML file, but not another env file")
  func chain() throws {
    let configuration = try Sources(
      files: [".env": "WEIR_CONFIG=b.yaml", "b.yaml": "kimi: {rollout_percentage: 12.5}"]
    ).load()
    #expect(configuration.kimi.rolloutPercent.hundredths == 1250)
    #expect(configuration.row("WEIR_CONFIG")?.origin == .file(path: ".env", line: 1))
    let problems = Sources.envFile("A=1\nWEIR_ENV_FILE=other.env").problems
    #expect(problems.map(\.key) == ["WEIR_ENV_FILE"])
    #expect(problems.map(\.line) == [2])
  }
}
