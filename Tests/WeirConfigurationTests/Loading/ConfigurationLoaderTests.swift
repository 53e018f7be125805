import Testing
import WeirPolicy

@testable import WeirConfiguration

@Suite("Loading a configuration")
struct ConfigurationLoaderTests {
  @Test("needs nothing at all")
  func nothing() throws {
    let configuration = try Sources().load()
    #expect(configuration.listeners.traffic == ListenAddress(host: "127.0.0.1", port: 8787))
    #expect(configuration.upstream.url.description == "https://openrouter.ai/api/v1")
    #expect(configuration.upstream.apiKey == nil)
    #expect(configuration.kimi.isEnabled)
    #expect(configuration.kimi.temperature == nil)
    #expect(configuration.clients.isEmpty)
    #expect(configuration.timeouts.clientIdle == .seconds(75))
    #expect(configuration.timeouts.clientHeader == .seconds(10))
    #expect(configuration.limits.maxHeaderBytes == 65_536)
    #expect(configuration.warnings.isEmpty)
    #expect(configuration.files == [".env"])
  }

  @Test("puts every variable into its field")
  func everything() throws {
    let configuration = try Sources(
      environment: [
        "WEIR_LISTEN": "[::1]:1", "WEIR_ADMIN_LISTEN": "localhost:2", "WEIR_ADMIN_TOKEN": "t",
        "WEIR_PORT_FILE": "p.json",
        "WEIR_INSECURE": "on", "OPENROUTER_API_KEY": "k", "WEIR_UPSTREAM_URL": "http://127.0.0.1:3/v1",
        "WEIR_CA_FILE": "ca.pem",
        "OPENROUTER_SITE_URL": "https://site.example", "OPENROUTER_SITE_NAME": "Site", "KIMI_MODEL_ID": "m",
        "KIMI_K2_MAX_TOKENS": "7",
        "KIMI_K2_TEMPERATURE": "0.60", "FEATURE_KIMI_ENABLED": "false", "KIMI_ROLLOUT_PERCENTAGE": "33.33",
        "KIMI_ROLLOUT_FROM": "gpt-4,o3",
        "KIMI_FALLBACK_MODEL": "gpt-4o", "WEIR_CLIENT_KEYS": "app:k1,web:k2", "WEIR_MAX_BODY_BYTES": "11",
        "WEIR_MAX_HEADER_BYTES": "2048",
        "WEIR_MAX_BUFFERED_BYTES": "12", "WEIR_MAX_CONNECTIONS": "13", "WEIR_MAX_IN_FLIGHT": "14",
        "WEIR_TIMEOUT_CONNECT": "1.5",
        "WEIR_EVENT_LOOPS": "3", "WEIR_TIMEOUT_FIRST_BYTE": "2", "WEIR_TIMEOUT_IDLE": "3", "WEIR_TIMEOUT_TOTAL": "4",
        "WEIR_TIMEOUT_HEADER": "5",
        "WEIR_TIMEOUT_CLIENT_IDLE": "6", "WEIR_DRAIN_SECONDS": "0", "WEIR_LOG_LEVEL": "trace",
        "WEIR_LOG_FORMAT": "text",
        "WEIR_RETRIES": "0", "WEIR_LEDGER": "off", "WEIR_CACHE_TTL": "0", "WEIR_CACHE_MAX_BYTES": "0",
      ], files: ["ca.pem": "-----BEGIN CERTIFICATE-----"]
    ).load()
    #expect(
      configuration.listeners
        == .init(
          traffic: .init(host: "::1", port: 1), admin: .init(host: "localhost", port: 2),
          adminToken: Secret("t"),
          portFile: "p.json", isInsecureAccepted: true))
    #expect(
      configuration.upstream
        == .init(
          url: .init(scheme: .http, host: "127.0.0.1", port: 3, path: "/v1"), apiKey: Secret("k"),
          certificateAuthorityFile: "ca.pem", siteURL: "https://site.example", siteName: "Site"))
    #expect(
      configuration.kimi
        == .init(
          isEnabled: false, modelID: "m", maxTokens: 7, temperature: .init(spelling: "0.60", value: 0.6),
          rolloutPercent: .init(hundredths: 3333), rolloutFrom: ["gpt-4", "o3"], fallbackModel: "gpt-4o"))
    #expect(configuration.clients.map(\.profile.name) == ["app", "web"])
    #expect(configuration.clients.map(\.keys) == [[KeyHash(ofKey: "k1")], [KeyHash(ofKey: "k2")]])
    #expect(
      configuration.limits
        == .init(
          maxBodyBytes: 11, maxHeaderBytes: 2048, maxConnections: 13, maxInFlight: 14, maxBufferedBytes: 12,
          eventLoops: 3))
    #expect(
      configuration.timeouts
        == .init(
          connect: .milliseconds(1500), firstByte: .seconds(2), idle: .seconds(3), total: .seconds(4),
          clientHeader: .seconds(5), clientIdle: .seconds(6)))
    #expect(configuration.drain == .zero)
    #expect(configuration.logging == .init(level: .trace, format: .text))
    #expect(configuration.warnings.isEmpty)
  }

  @Test("puts every YAML key where its variable goes")
  func yaml() throws {
    let fromFile = try Sources.yaml(
      """
      listen: "[::1]:1"
      admin: {listen: "localhost:2", token: t}
      upstream: {url: "http://127.0.0.1:3/v1", api_key: k, site_name: Site}
      kimi: {enabled: false, rollout_percentage: 33.33, rollout_from: [x, y], temperature: 0.60}
      clients: {app: k1, web: k2}
      limits: {max_in_flight: 14}
      timeouts: {connect: 1.5}
      logging: {level: trace, format: text}
      """
    ).load()
    let fromVariables = try Sources.environment([
      "WEIR_LISTEN": "[::1]:1", "WEIR_ADMIN_LISTEN": "localhost:2", "WEIR_ADMIN_TOKEN": "t",
      "WEIR_UPSTREAM_URL": "http://127.0.0.1:3/v1", "OPENROUTER_API_KEY": "k", "OPENROUTER_SITE_NAME": "Site",
      "FEATURE_KIMI_ENABLED": "false", "KIMI_ROLLOUT_PERCENTAGE": "33.33", "KIMI_ROLLOUT_FROM": "x,y",
      "KIMI_K2_TEMPERATURE": "0.60", "WEIR_CLIENT_KEYS": "app:k1,web:k2", "WEIR_MAX_IN_FLIGHT": "14",
      "WEIR_TIMEOUT_CONNECT": "1.5", "WEIR_LOG_LEVEL": "trace", "WEIR_LOG_FORMAT": "text",
    ]).load()
    #expect(fromFile.listeners == fromVariables.listeners)
    #expect(fromFile.upstream == fromVariables.upstream)
    #expect(fromFile.kimi == fromVariables.kimi)
    #expect(fromFile.clients.map(\.profile.name) == fromVariables.clients.map(\.profile.name))
    #expect(fromFile.clients.map(\.keys) == fromVariables.clients.map(\.keys))
    #expect(fromFile.limits == fromVariables.limits)
    #expect(fromFile.timeouts == fromVariables.timeouts)
    #expect(fromFile.logging == fromVariables.logging)
  }

  @Test("tells every problem at once, in the order of the sources")
  func allAtOnce() {
    let sources = Sources(
      environment: ["WEIR_LISTEN": "nowhere", "WEIR_LISTN": "x"],
      files: [
        ".env": "A=1\nWEIR_MAX_IN_FLIGHT=none\n?\n", "weir.yaml": "bad: 1\nkimi:\n  enabled: perhaps\n",
      ], config: "weir.yaml")
    let lines = sources.problems.map { "\($0.source):\($0.line ?? 0) \($0.key ?? "")" }
    #expect(
      lines == [
        "environment:0 WEIR_LISTN", "environment:0 WEIR_LISTEN", ".env:2 WEIR_MAX_IN_FLIGHT", ".env:3 ",
        "weir.yaml:1 bad", "weir.yaml:3 kimi.enabled",
      ])
    #expect(throws: ConfigurationProblems.self) { try sources.load() }
  }

  @Test("says file, line, key, what is wrong and what would be right")
  func wording() {
    let problem = Sources.yaml("\ntimeouts:\n  idle: 5s\n").problems.first
    #expect(
      problem?.description
        == "weir.yaml:3: timeouts.idle: \"5s\" is not a number of seconds; "
        + "use digits, with at most three decimals, for example 5 or 0.25")
  }

  @Test("does without the default env file, and not without one that was named")
  func missingEnvFile() {
    #expect(Sources().problems.isEmpty)
    let flag = Sources(envFile: "prod.env").problems
    #expect(flag.map(\.source) == ["command line"])
    #expect(flag.map(\.key) == ["--env-file"])
    #expect(flag.first?.what == "prod.env: the file does not exist")
    #expect(Sources.environment(["WEIR_ENV_FILE": "prod.env"]).problems.map(\.key) == ["WEIR_ENV_FILE"])
    #expect(Sources(config: "weir.yaml").problems.first?.what == "weir.yaml: the file does not exist")
  }

  @Test("takes a default env file that cannot be read for an error, and a directory for none")
  func unreadableEnvFile() {
    func problems(_ reason: FileReadError.Reason) -> [ConfigurationProblem] {
      do {
        return try ConfigurationLoader.load(
          ConfigurationSources(environment: [:], configPath: nil, envFilePath: nil),
          readFile: { throw FileReadError(path: $0, reason: reason) }
        ).warnings
      } catch {
        return error.all
      }
    }
    #expect(problems(.notPermitted).map(\.severity) == [.error])
    #expect(problems(.isDirectory).isEmpty)
  }

  @Test("never shows a secret in a problem")
  func secrets() {
    let sources = Sources(
      environment: [
        "OPENROUTER_API_KEY": "hunter2 x", "WEIR_ADMIN_TOKEN": "hunter2\n", "WEIR_CLIENT_KEYS": "hunter2",
        "WEIR_UPSTREAM_URL": "https://u:hunter2@a/v1", "MOONSHOT_API_KEY": "hunter2",
        "WEIR_REDIS_URL": "redisss://:hunter2@r",
      ], files: ["weir.yaml": "clients: {app: 'hunter2 y'}\nadmin: {token: [hunter2]}"], config: "weir.yaml")
    let text = sources.problems.map(\.description).joined(separator: "\n")
    #expect(sources.problems.count == 8)
    #expect(!text.contains("hunter2"))
  }

  @Test("names the settings whose change takes a restart")
  func restart() throws {
    let before = try Sources().load()
    let after = try Sources.environment([
      "WEIR_LISTEN": "127.0.0.1:1", "WEIR_RETRIES": "1", "WEIR_LEDGER": "a.db",
    ]).load()
    #expect(after.settingsAwaitingRestart(since: before) == ["WEIR_LISTEN", "WEIR_LEDGER"])
    #expect(before.settingsAwaitingRestart(since: before).isEmpty)
  }
}
