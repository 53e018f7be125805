import Testing

@testable import WeirConfiguration

@Suite("What changed between two configurations")
struct ChangesTests {
  private func configuration(_ environment: [String: String]) throws -> Configuration {
    try ConfigurationLoader.load(
      ConfigurationSources(environment: environment, configPath: nil, envFilePath: nil),
      readFile: { path in throw FileReadError(path: path, reason: .notFound) })
  }

  @Test("is told by the names of settings, secrets among them")
  func names() throws {
    let before = try configuration(["WEIR_CLIENT_KEYS": "app:one", "WEIR_WEBHOOK_URL": "https://a.example/x"])
    let after = try configuration([
      "WEIR_CLIENT_KEYS": "app:two", "WEIR_RETRIES": "5", "WEIR_WEBHOOK_URL": "https://a.example/y",
      "WEIR_WEBHOOK_SECRET": "s",
    ])
    #expect(
      after.changes(since: before) == [
        "WEIR_CLIENT_KEYS", "WEIR_RETRIES", "WEIR_WEBHOOK_SECRET", "WEIR_WEBHOOK_URL",
      ])
    #expect(before.changes(since: before) == [])
    #expect(before.fingerprint != after.fingerprint)
    #expect(before.fingerprint.count == 64)
  }

  @Test("and the webhook's URL and the audit log's file are checked")
  func checks() throws {
    for url in ["ftp://a.example", "https://", "https://user:pw@a.example/", "https://a.example/#x", "a.example"] {
      #expect(throws: ConfigurationProblems.self, "\(url)") { try configuration(["WEIR_WEBHOOK_URL": url]) }
    }
    #expect(throws: ConfigurationProblems.self) {
      try configuration(["WEIR_AUDIT_LOG": "weir.db", "WEIR_LEDGER": "weir.db"])
    }
    #expect(try configuration(["WEIR_WEBHOOK_URL": "https://a.example/x"]).warnings.count == 1)
    #expect(try configuration(["WEIR_AUDIT_LOG": "off"]).audit.file == nil)
  }
}
