import Testing
import WeirConfiguration
import WeirPolicy
import WeirWire

@Suite("Screening")
struct ScreeningSectionTests {
  @Test("is of nothing where nobody asks for it")
  func none() throws {
    let policy = try Sources().load().screening
    #expect(policy.rules.isEmpty && policy.tokens.isEmpty && policy.tools.isEmpty)
    #expect(policy.unread == .pass)
  }

  @Test("says everything that it can be")
  func everything() throws {
    let configuration = try SectionExample.sources.load()
    let policy = configuration.screening
    let openAI = [ModelPattern("openai/*")]
    #expect(
      policy.rules == [
        ContentRule(name: "keys", content: .builtIn(.secrets), action: .block),
        ContentRule(
          name: "plans", content: .pattern(" Overlord "), action: .redact, roles: TextRoles([.user, .tool]),
          scope: ScreeningScope(clients: ["app"], models: openAI), placeholder: "(plan)"),
      ])
    #expect(policy.rules.first?.placeholder == "[REDACTED:keys]")
    #expect(
      policy.tokens == [
        TokenRule(
          scope: ScreeningScope(clients: ["batch"]), maximumInput: 1000, maximumOutput: 500, over: .cap, absent: .cap),
        TokenRule(scope: ScreeningScope(models: openAI), maximumOutput: 4000),
      ])
    #expect(
      policy.tools == [
        ToolRule(
          scope: ScreeningScope(clients: ["app"]),
          permissions: ToolPermissions(
            allow: [ModelPattern("get_*")], deny: [ModelPattern("get_secret")], onReply: .refuse),
          onOffer: .strip, onHistory: .refuse),
        ToolRule(
          scope: ScreeningScope(models: openAI), permissions: ToolPermissions(deny: [ModelPattern("web_search")])),
      ])
    #expect(policy.unread == .refuse)
    let row = configuration.sections.first { $0.name == "screening.rules[plans]" }
    #expect(row?.text == "redact a pattern, in user,tool, clients app, models openai/*")
  }

  @Test(
    "is refused with line, key and remedy",
    arguments: [
      ("screening: {rule: []}", "screening.rule", "there is no such key"),
      ("screening: {rules: [{builtin: secrets, action: flag}]}", "screening.rules[1]", "name is missing"),
      ("screening: {rules: [{name: a, builtin: secrets}]}", "screening.rules[a]", "action is missing"),
      ("screening: {rules: [{name: a, action: flag}]}", "screening.rules[a]", "looks for nothing"),
      ("screening: {rules: [{name: tools, builtin: card, action: flag}]}", "screening.rules[tools].name", "weir's own"),
      ("screening: {rules: [{name: a, builtin: cards, action: flag}]}", "screening.rules[a].builtin", "is not one of"),
      ("screening: {rules: [{name: a, builtin: card, action: log}]}", "screening.rules[a].action", "is not one of"),
      (
        "screening: {rules: [{name: a, builtin: card, pattern: b, action: flag}]}", "screening.rules[a].builtin",
        "has a pattern too"
      ),
      (
        "screening: {rules: [{name: a, builtin: card, action: flag, placeholder: x}]}",
        "screening.rules[a].placeholder", "only a rule that redacts"
      ),
      (
        "screening: {rules: [{name: a, builtin: card, action: flag, in: [human]}]}", "screening.rules[a].in",
        "not one of"
      ),
      ("screening: {rules: [{name: a, builtin: card, action: flag, in: []}]}", "screening.rules[a].in", "is empty"),
      ("screening: {rules: [{name: a, pattern: '(', action: flag}]}", "screening.rules[a].pattern", "missing )"),
      (
        "screening: {rules: [{name: a, pattern: 'a(?=b)', action: flag}]}", "screening.rules[a].pattern", "RE2's syntax"
      ),
      (
        "screening: {rules: [{name: a, pattern: '(a)\\1', action: flag}]}", "screening.rules[a].pattern", "RE2's syntax"
      ),
      ("screening: {rules: [{name: a, pattern: 'x*', action: flag}]}", "screening.rules[a].pattern", "no length"),
      ("screening: {rules: [{name: a, pattern: '.+', action: flag}]}", "screening.rules[a].pattern", "every character"),
      (
        "screening: {rules: [{name: a, pattern: 'x{999}y{999}z{999}a{999}b{999}', action: flag}]}",
        "screening.rules[a].pattern", "too large"
      ),
      ("screening: {rules: [{name: a, pattern: [b], action: flag}]}", "screening.rules[a].pattern", "is a list"),
      ("screening: {tokens: [{clients: [anonymous]}]}", "screening.tokens[1]", "bounds nothing"),
      ("screening: {tokens: [{max_input_tokens: 0}]}", "screening.tokens[1].max_input_tokens", "out of range"),
      ("screening: {tokens: [{max_input_tokens: 1, over: cap}]}", "screening.tokens[1].over", "is not there"),
      ("screening: {tools: [{requests: strip}]}", "screening.tools[1]", "names no tool"),
      ("screening: {tools: [{allow: []}]}", "screening.tools[1].allow", "the list is empty"),
      ("screening: {tools: [{deny: [a], replies: drop}]}", "screening.tools[1].replies", "is not one of"),
      ("screening: {tools: [{deny: [a], models: []}]}", "screening.tools[1].models", "the list is empty"),
      ("screening: {unread: maybe}", "screening.unread", "is not one of"),
    ])
  func wrong(text: String, key: String, what: String) {
    let problems = Sources.yaml("# c\n\(text)\n").problems
    #expect(problems.map(\.key) == [key])
    #expect(problems.first?.line == 2)
    #expect(problems.first?.severity == .error)
    #expect(problems.first?.what.contains(what) == true)
    #expect(problems.first?.fix.isEmpty == false)
  }

  @Test("tells names that come twice, clients and models that there are not, and bodies that are not read")
  func warnings() {
    let twice = "screening: {rules: [{name: a, builtin: card, action: flag}, {name: a, builtin: iban, action: flag}]}"
    #expect(Sources.yaml(twice).problems.map(\.what).first?.hasPrefix("another rule is named a") == true)
    let dead = "screening: {tools: [{deny: [a], clients: [bob], models: [acme/x]}]}"
    let problems = Sources.yaml(dead).problems
    #expect(problems.count == 2)
    #expect(problems.allSatisfy { $0.isDeadRule && $0.severity == .warning })
    let unread = Sources.yaml("screening: {rules: [{name: a, builtin: card, action: block}]}").problems
    #expect(unread.map(\.severity) == [.warning])
    #expect(unread.first?.what.contains("does not read") == true)
    #expect(
      Sources.yaml("screening: {unread: pass, rules: [{name: a, builtin: card, action: block}]}").problems.isEmpty)
  }
}
