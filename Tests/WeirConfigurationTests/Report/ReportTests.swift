import Foundation
import Testing
import WeirPolicy

@testable import WeirConfiguration

@Suite("The configuration report")
struct ReportTests {
  private let sources = Sources(
    environment: [
      "OPENROUTER_API_KEY": "hunter2", "WEIR_CLIENT_KEYS": "app:hunter3", "MOONSHOT_API_KEY": "hunter4",
      "OPENROUTER_SITE_NAME": "Quote \" and \\", "WEIR_RETRIES": "1", "WEIR_UPSTREAM_URL": "http://vllm:8000/v1",
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
    #expect(try row("WEIR_RETRIES") == ("1", "environment WEIR_RETRIES"))
    #expect(try row("WEIR_REDIS_URL") == ("off", "default"))
    #expect(lines.last?.hasPrefix("environment: warning: WEIR_UPSTREAM_URL: ") == true)
  }

  @Test("is JSON that says the same")
  func json() throws {
    struct Report: Decodable {
      struct Setting: Decodable {
        let name: String
        let value: String?
        let origin: String
        let reloadable: Bool
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
    #expect(report.sections.map(\.name) == configuration.sections.map(\.name))
    #expect(report.settings.first { $0.name == "WEIR_LISTEN" }?.reloadable == false)
    #expect(report.warnings == configuration.warnings.map(\.description))
  }

  @Test("shows the sections of the file and the rollouts, with their lines")
  func sections() throws {
    let configuration = try SectionExample.sources.load()
    let rows = configuration.sections.map { "\($0.name) | \($0.text) | \($0.origin)" }
    #expect(
      rows == [
        "clients[app] | 1 key | weir.yaml:122", "clients[batch] | 2 keys | weir.yaml:124",
        "clients[desk] | 1 key; expires 2099-01-31T00:00:00Z; models gpt-4*,swift; endpoints chat,models; tenant office; "
          + "passes its upstream key; 30 requests a minute; 40000 tokens a minute; 3 in flight; USD 1.5 a day; "
          + "USD 20.0 a month; at most 8000 input tokens; at most 1000 output tokens; tools read_*; not tools read_mail; "
          + "replies strip | weir.yaml:128",
        "upstreams.default | https://openrouter.ai/api/v1; key ***; headers X-Team=***; 5 retries | weir.yaml:53",
        "upstreams.acme | http://127.0.0.1:9000/v1; key ***; headers X-Tenant=***; models swift=swift-1; connect 1 s; "
          + "first byte 30 s; idle 10 s; total 90 s; longest delay 1 s | weir.yaml:56",
        "upstreams.moonshot | https://api.moonshot.ai/v1; key ***; asks for the usage of streams | weir.yaml:64",
        "limits.rates[chat] | 60 requests a minute, burst 10, per client and user, models openai/* | weir.yaml:68",
        "limits.rates[rate_2] | 100000 tokens a minute, burst 100000, all together, clients app | weir.yaml:69",
        "limits.concurrency[slots] | 8 in flight, per model | weir.yaml:71",
        "limits.max_keys | 5000 | weir.yaml:72",
        "limits.output_cap | 2048 | weir.yaml:73",
        "budgets[app] | USD 2.5 a day, each of app, hard | weir.yaml:75",
        "budgets[budget_2] | 1000000 tokens a month, all clients together, soft | weir.yaml:76",
        "cache.max_entry_bytes | 1048576 | weir.yaml:79",
        "cache.compress_from | 4096 | weir.yaml:80",
        "cache.max_temperature | 0.5 | weir.yaml:81",
        "cache.endpoints | chat/completions,embeddings | weir.yaml:82",
        "cache.models[openai/gpt-4*] | 0 s | weir.yaml:84",
        "cache.shared_tenants | app+batch | weir.yaml:85",
        "cache.coalesce | false | weir.yaml:86",
        "resilience.retry | first delay 0.5 s, longest delay 4 s | weir.yaml:88",
        "resilience.retry_share | 0.1 | weir.yaml:89",
        "resilience.retry_window | 20 | weir.yaml:90",
        "resilience.retry_floor | 5 | weir.yaml:91",
        "resilience.circuit.enabled | true | weir.yaml:93",
        "resilience.circuit.consecutive_failures | 7 | weir.yaml:94",
        "resilience.circuit.failure_rate | 0.25 | weir.yaml:95",
        "resilience.circuit.minimum_requests | 50 | weir.yaml:96",
        "resilience.circuit.window | 60 | weir.yaml:97",
        "resilience.circuit.open_time | 15 | weir.yaml:98",
        "resilience.circuit.closing_successes | 2 | weir.yaml:99",
        "resilience.circuit.slow_call | 20 | weir.yaml:100",
        "pricing.baseline | USD/1M 2.5 in, 10.0 out | weir.yaml:119",
        "screening.rules[keys] | block secrets, in user,system,assistant,tool | weir.yaml:103",
        "screening.rules[plans] | redact a pattern, in user,tool, clients app, models openai/* | weir.yaml:104",
        "screening.tokens[1] | 1000 input tokens, 500 output tokens (over: cap, absent: cap), clients batch "
          + "| weir.yaml:112",
        "screening.tokens[2] | 4000 output tokens (over: refuse, absent: pass), models openai/* | weir.yaml:113",
        "screening.tools[1] | allow get_*, deny get_secret, requests: strip, replies: refuse, history: refuse, "
          + "clients app | weir.yaml:115",
        "screening.tools[2] | deny web_search, requests: refuse, replies: pass, history: pass, models openai/* "
          + "| weir.yaml:116",
        "screening.unread | refuse | weir.yaml:117",
        "ledger.redact[1] | sk-[A-Za-z0-9]{8,64} | weir.yaml:148",
        "models.catalog[acme/swift-1] | aliases swift,swift-*; context 200000; USD/1M 0.5 in, 2.0 out; "
          + "10 parameter rules; system prompt; upstreams acme,default; fallbacks gpt-4o,kimi-k2; 1 retry, "
          + "first delay 0.1 s, longest delay 2 s | weir.yaml:3",
        "models.catalog[moonshotai/kimi-k2] | context 131072; USD/1M 0.57 in, 2.3 out; system prompt "
          + "| weir.yaml:30",
        "models.catalog | \(BuiltInModels.all.count) built-in models | default",
        "models.allow | gpt-4*,acme/*,moonshotai/* | weir.yaml:32",
        "models.deny | gpt-4-turbo-preview | weir.yaml:33",
        "models.routes.candidates | swift,kimi-k2 | weir.yaml:34",
        "models.routes.by_length | true | weir.yaml:34",
        "models.routes.tasks.refactor | coding,tool_use | weir.yaml:38",
        "rollouts[swift] | off: a 12.5% acme/swift-1, b 7.25% kimi-k2 (off) from gpt-4,o3; 3 users pinned; "
          + "override allowed | weir.yaml:41",
      ])
    let text = ConfigurationReport.text(configuration)
    #expect(configuration.sections.allSatisfy { text.contains("\n\($0.name) ") })
    #expect(try Sources().load().sections.map(\.name).contains("rollouts[kimi]"))
  }

  @Test("never shows a secret")
  func secrets() throws {
    for configuration in [try sources.load(), try SectionExample.sources.load()] {
      var dumped = ""
      dump(configuration, to: &dumped)
      for text in [ConfigurationReport.text(configuration), ConfigurationReport.json(configuration), dumped] {
        #expect(text.contains("***"))
        #expect(!text.contains("hunter"))
      }
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

  @Test("says names, key, type, default, meaning, and what takes a restart")
  func content() {
    let text = SettingsReference.markdown()
    #expect(
      text.contains(
        "| `WEIR_UPSTREAM_URL` (also `KIMI_K2_BASE_URL`) | `upstream.url` | URL | `https://openrouter.ai/api/v1` | "
          + "Base URL of the upstream; a request's path is appended to it. |"))
    #expect(
      text.contains(
        "| `WEIR_RATE_LIMIT_RPM` | `rate_limit.rpm` | integer or `off` | `off` | Requests a minute and client: the limit `rpm`. |"
      ))
    #expect(
      text.contains(
        "| `WEIR_REDIS_DEADLINE_MS` | `redis.deadline_ms` | integer | `20` | Milliseconds that a request waits for the "
          + "store before local state decides. Takes a restart. |"
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
    #expect(SectionExample.sources.problems.isEmpty)
  }
}
