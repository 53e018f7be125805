import Testing

@testable import WeirConfiguration

@Suite("The settings registry")
struct SettingsTests {
  @Test("holds every variable of the published interface")
  func interface() {
    let published = """
      OPENROUTER_API_KEY KIMI_K2_API_KEY WEIR_UPSTREAM_URL KIMI_K2_BASE_URL OPENROUTER_SITE_URL
      OPENROUTER_SITE_NAME MOONSHOT_API_KEY KIMI_MODEL_ID KIMI_K2_MODEL KIMI_K2_MAX_TOKENS
      KIMI_K2_TEMPERATURE FEATURE_KIMI_ENABLED KIMI_ROLLOUT_PERCENTAGE KIMI_ROLLOUT_FROM
      KIMI_FALLBACK_MODEL WEIR_CACHE_TTL WEIR_CACHE_MAX_BYTES WEIR_RATE_LIMIT_RPM WEIR_RATE_LIMIT_TPM
      WEIR_BUDGET_USD_DAY WEIR_CLIENT_KEYS WEIR_MAX_BODY_BYTES WEIR_MAX_CONNECTIONS WEIR_MAX_IN_FLIGHT
      WEIR_TIMEOUT_CONNECT WEIR_TIMEOUT_FIRST_BYTE WEIR_TIMEOUT_IDLE WEIR_TIMEOUT_TOTAL WEIR_RETRIES
      WEIR_DRAIN_SECONDS WEIR_LEDGER WEIR_REDIS_URL WEIR_LOG_LEVEL WEIR_LOG_FORMAT WEIR_LISTEN
      WEIR_ADMIN_LISTEN WEIR_PORT_FILE WEIR_CONFIG WEIR_ENV_FILE MOONSHOT_BASE_URL WEIR_BUDGET_STATE_FILE
      """.split { $0.isWhitespace }.map(String.init)
    #expect(published.filter { Settings.byVariable[$0] == nil } == [])
  }

  @Test("gives the published defaults")
  func defaults() {
    let published = [
      "WEIR_LISTEN": "127.0.0.1:8787", "WEIR_ADMIN_LISTEN": "127.0.0.1:9787",
      "WEIR_UPSTREAM_URL": "https://openrouter.ai/api/v1", "KIMI_MODEL_ID": "moonshotai/kimi-k2",
      "FEATURE_KIMI_ENABLED": "true", "KIMI_ROLLOUT_PERCENTAGE": "0",
      "KIMI_ROLLOUT_FROM": "gpt-4,gpt-4-turbo,gpt-4-turbo-preview,gpt-3.5-turbo",
      "KIMI_FALLBACK_MODEL": "openai/gpt-4-turbo", "WEIR_CACHE_TTL": "300",
      "WEIR_CACHE_MAX_BYTES": "67108864",
      "WEIR_MAX_BODY_BYTES": "33554432", "WEIR_MAX_CONNECTIONS": "4096", "WEIR_MAX_IN_FLIGHT": "1024",
      "WEIR_TIMEOUT_CONNECT": "5", "WEIR_TIMEOUT_FIRST_BYTE": "120", "WEIR_TIMEOUT_IDLE": "60",
      "WEIR_TIMEOUT_TOTAL": "600", "WEIR_RETRIES": "2", "WEIR_CIRCUIT_BREAKER": "true", "WEIR_DRAIN_SECONDS": "30",
      "WEIR_LEDGER": "weir.db",
      "WEIR_LOG_LEVEL": "info", "WEIR_LOG_FORMAT": "json", "WEIR_MAX_HEADER_BYTES": "65536",
      "WEIR_MAX_BUFFERED_BYTES": "268435456", "WEIR_TIMEOUT_HEADER": "10", "WEIR_TIMEOUT_CLIENT_IDLE": "75",
      "MOONSHOT_BASE_URL": "https://api.moonshot.ai/v1", "WEIR_RATE_LIMIT_RPM": "off", "WEIR_RATE_LIMIT_TPM": "off",
      "WEIR_BUDGET_USD_DAY": "off", "WEIR_BUDGET_STATE_FILE": "weir.budgets.json",
      "WEIR_INSECURE": "false", "WEIR_STATE_FILE": "weir-state.json", "WEIR_VARIANT_OVERRIDE": "false",
      "WEIR_PRICING_REFRESH": "3600", "WEIR_METERING_DRAIN_SECONDS": "0", "WEIR_TRACING_MAKE": "true",
      "WEIR_METRICS_GENAI": "false", "WEIR_LEDGER_MAX_AGE_DAYS": "off", "WEIR_LEDGER_MAX_BYTES": "off",
      "WEIR_LEDGER_BODIES": "false", "WEIR_LEDGER_MAX_BODY_BYTES": "65536",
      "WEIR_AUDIT_LOG": "off", "WEIR_AUDIT_MAX_BYTES": "104857600", "WEIR_AUDIT_KEEP": "10",
      "WEIR_AUDIT_ON_FAILURE": "continue", "WEIR_AUDIT_PROMPTS": "false", "WEIR_ANOMALIES": "true",
      "WEIR_ANOMALY_SENSITIVITY": "normal", "WEIR_ANOMALY_LEARN_MINUTES": "60", "WEIR_ANOMALY_COOLDOWN_MINUTES": "10",
      "WEIR_SET_COOKIE": "auto", "WEIR_SERVER_HEADER": "pass", "WEIR_CORE_DUMPS": "true",
      "WEIR_REDIS_URL": "off", "WEIR_REDIS_PREFIX": "weir:", "WEIR_REDIS_DEADLINE_MS": "20",
      "WEIR_REDIS_LEASE_PERCENT": "0", "WEIR_REDIS_CACHE": "true", "WEIR_REDIS_MAX_CACHE_ENTRY_BYTES": "1048576",
      "WEIR_REDIS_SHARE_CIRCUITS": "false",
    ]
    let known = Settings.all.filter { !$0.defaultText.isEmpty }.map { ($0.name, $0.defaultText) }
    #expect(Dictionary(known, uniquingKeysWith: { first, _ in first }) == published)
  }

  @Test("names nothing twice")
  func unique() {
    let names = Settings.all.flatMap { $0.ownNames + $0.sharedNames }
    #expect(names.count == Set(names).count)
    let paths = Settings.all.compactMap(\.yamlPath)
    #expect(paths.count == Set(paths).count)
    #expect(Settings.yamlSections.isDisjoint(with: paths))
  }

  @Test("marks every secret as one, documents every setting, and lets YAML say all but the files")
  func entries() {
    for entry in Settings.all {
      let keepsSecret = entry.typeName.hasPrefix("secret") || entry.typeName.contains("key")
      #expect(entry.isSecret == keepsSecret, "\(entry.name)")
      #expect(!entry.doc.isEmpty && !entry.doc.hasSuffix("."), "\(entry.name)")
      #expect(
        (entry.yamlPath == nil) == ["WEIR_CONFIG", "WEIR_ENV_FILE", "WEIR_CLIENT_KEYS"].contains(entry.name),
        "\(entry.name)")
    }
  }

  @Test("is used up: every setting is resolved, and none that it does not know")
  func resolved() throws {
    #expect(try Sources().load().origins.map(\.name) == Settings.all.map(\.name))
  }

  @Test("reads back every default as it spells it")
  func readBack() throws {
    var environment: [String: String] = [:]
    for entry in Settings.all where !entry.defaultText.isEmpty {
      environment[entry.name] = entry.defaultText
    }
    // Without a key for Moonshot, a URL is a dead rule.
    environment["MOONSHOT_API_KEY"] = "k"
    let configuration = try Sources(environment: environment).load()
    for entry in Settings.all where environment[entry.name] != nil && !entry.isSecret {
      #expect(configuration.row(entry.name)?.text == entry.defaultText)
      #expect(configuration.row(entry.name)?.origin == .environment(name: entry.name))
    }
  }
}

@Suite("The nearest name")
struct NearestNameTests {
  @Test(
    "counts insertions, deletions, replacements and swaps",
    arguments: [
      ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "ABC", 0), ("abc", "abd", 1),
      ("abc", "acb", 1),
      ("abc", "ab", 1), ("abc", "xabc", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
    ])
  func distance(left: String, right: String, expected: Int) {
    #expect(NearestName.distance(left, right) == expected)
    #expect(NearestName.distance(right, left) == expected)
  }

  @Test("is the first of the nearest, if there is any")
  func nearest() {
    #expect(NearestName.of("WEIR_LISTN", among: ["WEIR_LEDGER", "WEIR_LISTEN"]) == "WEIR_LISTEN")
    #expect(NearestName.of("b", among: ["a", "c"]) == "a")
    #expect(NearestName.of("b", among: [String]()) == nil)
  }
}
