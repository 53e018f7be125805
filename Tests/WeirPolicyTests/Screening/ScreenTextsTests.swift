import Testing
import WeirWire

@testable import WeirPolicy

@Suite("Content rules")
struct ScreenTextsTests {
  private func chat(_ content: String, model: String = "openai/gpt-4-turbo") -> String {
    #"{"model":"\#(model)", "messages":[{"role":"user","content":"\#(content)"}]}"#
  }

  private func rule(
    _ pattern: String, _ action: ContentRule.Action, name: String = "r", roles: TextRoles = .all,
    scope: ScreeningScope = ScreeningScope(), placeholder: String? = nil
  ) -> ContentRule {
    ContentRule(
      name: name, content: .pattern(pattern), action: action, roles: roles, scope: scope, placeholder: placeholder)
  }

  @Test("that block refuse the request, and say where but not what")
  func blocks() throws {
    let screened = try Screened(chat("the plan is Overlord"), rules: [rule("Overlord", .block, name: "plans")])
    let refusal = try #require(screened.refusal)
    #expect(refusal.code == .contentBlocked)
    #expect(refusal.status == 403)
    #expect(refusal.param == "messages[0].content")
    #expect(refusal.what == "the rule plans of this proxy does not let messages[0].content pass")
    #expect(!refusal.message(requestID: "x").contains("Overlord"))
    #expect(screened.findings == ["plans block messages[0].content 1"])
  }

  @Test("that redact change the matches and no other byte")
  func redacts() throws {
    let screened = try Screened(
      chat(#"a\tOver\u006cord \/ \"Overlord\"\u00e9"#), rules: [rule("Overlord", .redact, name: "plans")])
    #expect(screened.refusal == nil)
    #expect(screened.body == chat(#"a\t[REDACTED:plans] \/ \"[REDACTED:plans]\"\u00e9"#))
    #expect(screened.exchange.edits == ["redacted"])
    #expect(screened.findings == ["plans redact messages[0].content 2"])
  }

  @Test("that flag let the request pass as it is, and count")
  func flags() throws {
    let screened = try Screened(chat("Overlord Overlord"), rules: [rule("Overlord", .flag)])
    #expect(screened.body == chat("Overlord Overlord"))
    #expect(screened.exchange.edits.isEmpty)
    #expect(screened.findings == ["r flag messages[0].content 2"])
  }

  @Test("put a placeholder of the operator's into the JSON as text")
  func placeholders() throws {
    let screened = try Screened(chat("ab"), rules: [rule("b", .redact, placeholder: "\"\\\n")])
    #expect(screened.body == chat(#"a\"\\\n"#))
  }

  @Test("that overlap make one placeholder, of the rule that comes first")
  func overlaps() throws {
    let rules = [rule("bcd", .redact, name: "one"), rule("abc|def|x", .redact, name: "two")]
    #expect(try Screened(chat("abcdef x"), rules: rules).body == chat("[REDACTED:one] [REDACTED:two]"))
    #expect(try Screened(chat("abcdef"), rules: rules.reversed()).body == chat("[REDACTED:two]"))
    #expect(try Screened(chat("abcabc"), rules: [rule("abc", .redact)]).body == chat("[REDACTED:r][REDACTED:r]"))
  }

  @Test("look into the texts of their roles only")
  func roles() throws {
    let json = #"{"model":"m","messages":[{"role":"system","content":"x"},{"role":"user","content":"x"}]}"#
    let screened = try Screened(json, rules: [rule("x", .redact, roles: TextRoles([.system]))])
    #expect(
      screened.body
        == #"{"model":"m","messages":[{"role":"system","content":"[REDACTED:r]"},{"role":"user","content":"x"}]}"#)
  }

  @Test("are about their clients and models only, a fallback's included")
  func scopes() throws {
    func found(_ scope: ScreeningScope, _ model: String = "openai/gpt-4-turbo") throws -> Bool {
      try !Screened(chat("x", model: model), rules: [rule("x", .flag, scope: scope)]).findings.isEmpty
    }
    #expect(try found(ScreeningScope(clients: ["alice"])))
    #expect(try !found(ScreeningScope(clients: ["bob"])))
    #expect(try found(ScreeningScope(models: [ModelPattern("openai/*")])))
    #expect(try !found(ScreeningScope(models: [ModelPattern("anthropic/*")])))
    #expect(try found(ScreeningScope(models: [ModelPattern("openai/gpt-4-turbo")]), "openai/gpt-4-turbo:online"))
    let listed = #"{"model":"openai/gpt-4-turbo","models":["anthropic/claude-3"],"messages":"x"}"#
    let rules = [rule("x", .flag, scope: ScreeningScope(models: [ModelPattern("anthropic/*")]))]
    #expect(try Screened(listed, rules: rules).findings == ["r flag messages 1"])
  }

  @Test(
    "work in every API",
    arguments: [
      ("/v1/responses", #"{"model":"m","instructions":"x","input":"x"}"#, 2),
      ("/v1/messages", #"{"model":"m","system":"x","max_tokens":5,"messages":[{"role":"user","content":"x"}]}"#, 2),
      ("/v1/completions", #"{"model":"m","prompt":["x","x"]}"#, 2),
      ("/v1/embeddings", #"{"model":"m","input":["x"]}"#, 1),
    ])
  func endpoints(path: String, json: String, count: Int) throws {
    let screened = try Screened(json, path: path, rules: [rule("x", .redact)])
    #expect(screened.exchange.screening?.findings.first?.count == count)
    #expect(!screened.body.contains("\"x\""))
  }

  @Test("make the estimate that of what goes upstream")
  func estimates() throws {
    let json = chat(String(repeating: "secret ", count: 2000))
    let bounds = TokenRule(maximumInput: 200)
    #expect(try Screened(json, tokens: [bounds]).refusal?.code == .tokenLimitExceeded)
    let rules = [rule("(?:secret )+", .redact)]
    #expect(try Screened(json, rules: rules, tokens: [bounds]).refusal == nil)
  }

  @Test("refuse what has more texts than can be looked through in time, but for rules that only flag")
  func tooMuch() throws {
    let rest = [String](repeating: #""c""#, count: 5000).joined(separator: ",")
    let long = String(repeating: "b", count: 100_000)
    let json = #"{"model":"m","messages":[{"role":"user","content":["\#(long)",\#(rest)]}]}"#
    let bytes = Array(json.utf8)
    let envelope = try unsafe bytes.withUnsafeBytes { try unsafe EnvelopeParser().parse($0) }
    for (action, isRefused) in [(ContentRule.Action.redact, true), (.block, true), (.flag, false)] {
      let screening = try ScreeningPolicy(rules: [ContentRule(name: "r", content: .pattern("x"), action: action)])
      var record = ScreeningRecord()
      var now: Int64 = 0
      var refusal: Refusal?
      do throws(Refusal) {
        try ScreenTexts.screen(
          screening, envelope: envelope, memberText: { String(decoding: bytes[$0], as: UTF8.self) }, into: &record,
          threadTime: {
            now += 3_000_000_000
            return now
          }, covers: { _ in true })
      } catch {
        refusal = error
      }
      #expect((refusal?.code == .contentBlocked) == isRefused)
      #expect(record.redactions.isEmpty)
    }
  }

  @Test("leave no trace where nothing is found")
  func silence() throws {
    let screened = try Screened(chat("x"), rules: [rule("y", .block)])
    #expect(screened.exchange.screening == nil)
    #expect(screened.exchange.splice.isEmpty)
  }
}
