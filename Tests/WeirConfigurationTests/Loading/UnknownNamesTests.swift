import Testing

@testable import WeirConfiguration

@Suite("Unknown names")
struct UnknownNamesTests {
  @Test(
    "of variables are errors that name the nearest",
    arguments: [
      ("WEIR_LISTN", "WEIR_LISTEN"), ("WEIR_TIMEOUT_FIRSTBYTE", "WEIR_TIMEOUT_FIRST_BYTE"),
      ("WEIR_MAX_BODY_SIZE", "WEIR_MAX_BODY_BYTES"),
      ("WEIR_LOGLEVEL", "WEIR_LOG_LEVEL"), ("WEIR_RATE_LIMIT_RMP", "WEIR_RATE_LIMIT_RPM"),
    ])
  func variables(name: String, nearest: String) {
    let environment = Sources.environment([name: "1"]).problems
    #expect(environment.map(\.severity) == [.error])
    #expect(environment.first?.fix == "did you mean \(nearest)?")
    let file = Sources.envFile("# c\n\(name)=1\n").problems
    #expect(file.map(\.line) == [2])
    #expect(file.first?.fix == "did you mean \(nearest)?")
  }

  @Test("that belong to other programs are none of weir's business")
  func foreign() {
    let names = [
      "PATH", "DATABASE_URL", "OPENAI_API_KEY", "OPENROUTER_MODEL", "weir_listen", "KIMI_DATABASE_HOST",
    ]
    let variables = Dictionary(names.map { ($0, "x") }) { first, _ in first }
    #expect(Sources.environment(variables).problems.isEmpty)
    #expect(Sources.envFile(names.map { "\($0)=x" }.joined(separator: "\n")).problems.isEmpty)
  }

  @Test("without a value are ignored")
  func empty() {
    #expect(Sources.environment(["WEIR_LISTN": ""]).problems.isEmpty)
  }

  @Test("that miss a Kimi setting by little are warned of: a kill switch misspelt is none")
  func kimi() {
    let problems = Sources.environment(["FEATURE_KIMI_ENABLE": "false", "KIMI_ROLLOUT_PERCENT": "5"]).problems
    #expect(problems.map(\.severity) == [.warning, .warning])
    #expect(
      problems.map(\.fix) == ["did you mean FEATURE_KIMI_ENABLED?", "did you mean KIMI_ROLLOUT_PERCENTAGE?"])
  }

  @Test(
    "of YAML keys name the nearest path",
    arguments: [
      ("lisen: a:1", "did you mean listen?"), ("upstream:\n  ulr: x", "did you mean upstream.url?"),
      ("upstrem:\n  url: x", "did you mean upstream?"), ("api_key: x", "did you mean upstream.api_key?"),
      ("limits: {max_body: 1}", "did you mean limits.max_body_bytes?"),
      ("timeouts: {firstbyte: 1}", "did you mean timeouts.first_byte?"),
      ("WEIR_LISTEN: a:1", "that is a variable; its key here is listen"),
      ("WEIR_CONFIG: a", "set it as a variable: it cannot stand in this file"),
      ("upstream.url: x", "write it nested: each part of upstream.url on a line of its own, indented"),
    ])
  func yaml(text: String, fix: String) {
    let problems = Sources.yaml(text).problems
    #expect(problems.map(\.severity) == [.error])
    #expect(problems.map(\.fix) == [fix])
  }

  @Test("that Kubernetes adds for a Service called weir are no mistakes")
  func kubernetes() {
    var environment = [
      "KUBERNETES_SERVICE_HOST": "10.0.0.1", "WEIR_SERVICE_HOST": "10.0.0.2", "WEIR_SERVICE_PORT": "8787",
      "WEIR_SERVICE_PORT_HTTP": "8787", "WEIR_PORT": "tcp://10.0.0.2:8787",
      "WEIR_PORT_8787_TCP": "tcp://10.0.0.2:8787",
      "WEIR_PORT_8787_TCP_ADDR": "10.0.0.2", "WEIR_PORT_8787_TCP_PORT": "8787",
      "WEIR_PORT_8787_TCP_PROTO": "tcp",
      "WEIR_ADMIN_SERVICE_HOST": "10.0.0.3", "WEIR_ADMIN_PORT_9787_TCP_PROTO": "tcp",
    ]
    #expect(Sources.environment(environment).problems.isEmpty)
    environment["WEIR_PORT"] = "8787"
    #expect(Sources.environment(environment).problems.map(\.key) == ["WEIR_PORT"])
    environment["KUBERNETES_SERVICE_HOST"] = nil
    #expect(Sources.environment(environment).problems.count == 10)
  }
}
