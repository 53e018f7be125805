import Foundation
import Testing
import WeirPolicy

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
      let sections: [Setting]
      let warnings: [String]
    }
    let configuration = try sources.load()
    let report = try JSONDecoder().decode(
      Report.self, from: Data(ConfigurationReport.json(configuration).utf8))
    #expect(report.settings.map(\.name) == configuration.origins.map(\.name))
    #expect(report.settings.map { $0.value ?? "" } == configuration.origins.map(\.text))
    #expect(report.settings.map(\.origin) == configuration.origins.map(\.origin.description))
    #expect(report.settings.filter { !$0.available }.count == 9)
    #expect(report.sections.map(\.name) == configuration.sections.map(\.name))
    #expect(report.settings.first { $0.name == "WEIR_LISTEN" }?.reloadable == false)
    #expect(report.warnings == configuration.warnings.map(\.description))
  }

  @Test("shows the sections of the file and the rollouts, with their lines")
  func sections() throws {
    let configuration = try Sources.yaml(SectionExample.text).load()
    let rows = configuration.sections.map { "\($0.name) | \($0.text) | \($0.origin)" }
    #expect(
      rows == [
        "models.catalog[acme/swift-1] | aliases swift,swift-*; context 200000; USD/1M 0.5 in, 2.0 out; "
          + "10 parameter rules; system prompt | weir.yaml:3",
        "models.catalog[moonshotai/kimi-k2] | context 131072; USD/1M 0.57 in, 2.3 out; system prompt "
          + "| weir.yaml:28",
        "models.catalog | \(BuiltInModels.all.count) built-in models | default",
        "models.allow | gpt-4*,acme/*,moonshotai/* | weir.yaml:30",
        "models.deny | gpt-4-turbo-preview | weir.yaml:31",
        "models.routes.candidates | swift,kimi-k2 | weir.yaml:32",
        "models.routes.by_length | true | weir.yaml:32",
        "models.routes.tasks.refactor | coding,tool_use | weir.yaml:36",
        "rollouts[swift] | off: a 12.5% acme/swift-1, b 7.25% kimi-k2 (off) from gpt-4,o3; 3 users pinned; "
          + "override allowed | weir.yaml:39",
      ])
    let text = ConfigurationReport.text(configuration)
    #expect(configuration.sections.allSatisfy { text.contains("\n\($0.name) ") })
    #expect(try Sources().load().sections.map(\.name).contains("rollouts[kimi]"))
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

  @Test("has one well-formed row a section key, and every key is one that the file may have")
  func sectionKeys() {
    let lines = SettingsReference.sectionsMarkdown().split(separator: "\n")
    #expect(lines.count == SectionKeys.all.count + 2)
    #expect(lines.allSatisfy { line in line.hasPrefix("| ") && line.count { $0 == "|" } == 4 })
    #expect(
      lines.contains(
        "| `rollouts[].variants[].percent` | percent | Its share of all users, with up to two decimals; required. |"
      ))
    #expect(SectionKeys.all.allSatisfy { !$0.doc.isEmpty && !$0.doc.hasSuffix(".") })
    #expect(Set(SectionKeys.all.map(\.path)).count == SectionKeys.all.count)
    for key in SectionKeys.all {
      #expect(SectionExample.text.contains("\(key.name):"), "the example lacks \(key.path)")
    }
    #expect(Sources.yaml(SectionExample.text).problems.allSatisfy { $0.severity == .warning })
  }
}
