import Foundation
import Testing

@testable import WeirConfiguration

@Suite("The configuration report")
struct ReportTests {
  private let sources = Sources(
    environment: [
      "OPENROUTER_API_KEY": "hunter2", "WEIR_CLIENT_KEYS": "app:hunter3", "WEIR_ADMIN_TOKEN": "hunter4",
      "OPENROUTER_SITE_NAME": "Quote \" and \\", "WEIR_RETRIES": "1",
    ], files: [".env": "\nWEIR_LOG_LEVEL=debug"])

  @Test("is a table of names, values and origins")
  func table() throws {
    let lines = ConfigurationReport.text(try sources.load()).split(separator: "\n").map(String.init)
    let head = try #require(lines.first)
    let value = try #require(head.firstRange(of: "VALUE")).lowerBound
    let origin = try #require(head.firstRange(of: "FROM")).lowerBound
    let rows = lines.dropFirst().prefix(Settings.all.count)
    func row(_ name: String) throws -> (String, String) {
      let line = try #require(rows.first { $0.hasPrefix("\(name) ") })
      return (line[value..<origin].trimmingCharacters(in: .whitespaces), String(line[origin...]))
    }
    #expect(try row("WEIR_LOG_LEVEL") == ("debug", ".env:2"))
    #expect(try row("WEIR_LISTEN") == ("127.0.0.1:8787", "default"))
    #expect(try row("OPENROUTER_API_KEY") == ("***", "environment OPENROUTER_API_KEY"))
    #expect(try row("WEIR_CLIENT_KEYS") == ("app:***", "environment WEIR_CLIENT_KEYS"))
    #expect(try row("WEIR_PORT_FILE") == ("-", "default"))
    #expect(try row("WEIR_RETRIES") == ("off (not in this version)", "environment WEIR_RETRIES"))
    #expect(lines.last?.hasPrefix("environment: warning: WEIR_RETRIES: ") == true)
  }

  @Test("is JSON that says the same")
  func json() throws {
    struct Report: Decodable {
      struct Setting: Decodable {
        let name: String
        let value: String?
        let origin: String
        let reloadable: Bool
        let available: Bool
      }
      let settings: [Setting]
      let warnings: [String]
    }
    let configuration = try sources.load()
    let report = try JSONDecoder().decode(
      Report.self, from: Data(ConfigurationReport.json(configuration).utf8))
    #expect(report.settings.map(\.name) == configuration.origins.map(\.name))
    #expect(report.settings.map { $0.value ?? "" } == configuration.origins.map(\.text))
    #expect(report.settings.map(\.origin) == configuration.origins.map(\.origin.description))
    #expect(report.settings.filter { !$0.available }.count == 9)
    #expect(report.settings.first { $0.name == "WEIR_LISTEN" }?.reloadable == false)
    #expect(report.warnings == configuration.warnings.map(\.description))
  }

  @Test("never shows a secret")
  func secrets() throws {
    let configuration = try sources.load()
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in [ConfigurationReport.text(configuration), ConfigurationReport.json(configuration), dumped] {
      #expect(text.contains("***"))
      #expect(!text.contains("hunter"))
    }
  }

  @Test("quotes any text as JSON")
  func quoting() throws {
    let text = "a\"b\\c\n\r\t\u{0}\u{1F}é\u{2028}😀"
    #expect(try JSONDecoder().decode(String.self, from: Data(JSONString.quoted(text).utf8)) == text)
  }
}

@Suite("The settings reference")
struct SettingsReferenceTests {
  @Test("has one well-formed row a setting")
  func rows() {
    let lines = SettingsReference.markdown().split(separator: "\n")
    #expect(lines.count == Settings.all.count + 2)
    #expect(lines.allSatisfy { $0.hasPrefix("| ") && $0.hasSuffix(" |") })
    #expect(lines.allSatisfy { line in line.count { $0 == "|" } == 6 })
  }

  @Test("says names, key, type, default and meaning, and what this version lacks")
  func content() {
    let text = SettingsReference.markdown()
    #expect(
      text.contains(
        "| `WEIR_UPSTREAM_URL` (also `KIMI_K2_BASE_URL`) | `upstream.url` | URL | `https://openrouter.ai/api/v1` | "
          + "Base URL of the upstream; a request's path is appended to it. |"))
    #expect(
      text.contains(
        "| `WEIR_RATE_LIMIT_RPM` | `rate_limit.rpm` | integer |  | Requests a minute and client. Not in this version: an error when set. |"
      ))
  }
}
