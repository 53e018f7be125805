import Testing
import WeirPolicy
import WeirWire

@Suite("What a model's rules make of a request's parameters")
struct ParameterPlanTests {
  private func edits(
    _ actions: [ParameterRule.Action], _ members: [String: String], endpoint: Endpoint = .chatCompletions
  ) -> [ParameterEdit] {
    ParameterPlan.edits(actions.map { ParameterRule($0) }, endpoint: endpoint) { members[$0] }
  }

  private func changes(_ actions: [ParameterRule.Action], _ members: [String: String]) -> [String] {
    edits(actions, members).map { "\($0.name):\($0.change)" }
  }

  @Test("fills where the request is silent, null being said")
  func fill() {
    #expect(
      edits([.fill("top_p", json: "0.95")], [:]) == [
        ParameterEdit(name: "top_p", change: .insert(json: "0.95"))
      ])
    #expect(edits([.fill("top_p", json: "0.95")], ["top_p": "1"]) == [])
    #expect(edits([.fill("top_p", json: "0.95")], ["top_p": "null"]) == [])
  }

  @Test("renames, keeping the spelling; where both are there the newer name's value stays")
  func rename() {
    let rule = [ParameterRule.Action.rename("max_tokens", to: "max_completion_tokens")]
    #expect(
      edits(rule, ["max_tokens": "1e3"]) == [
        ParameterEdit(name: "max_completion_tokens", change: .insert(json: "1e3")),
        ParameterEdit(name: "max_tokens", change: .remove),
      ])
    let both = edits(rule, ["max_tokens": "1", "max_completion_tokens": "2"])
    #expect(both.map(\.name) == ["max_tokens"])
    #expect(both.first?.change == .remove)
    #expect(both.first?.warning?.contains("max_completion_tokens") == true)
    #expect(edits(rule, [:]) == [])
    #expect(edits([.rename("a", to: "a")], ["a": "1"]) == [])
  }

  @Test(
    "scales numbers",
    arguments: [
      ("0.7", "0.42"), ("1", "0.6"), ("0", nil), ("-1.5", "-0.9"), ("1e0", "0.6"), ("1E-1", "0.06"),
    ])
  func scale(before: String, after: String?) {
    let expected = after.map { [ParameterEdit(name: "temperature", change: .replace(json: $0))] } ?? []
    #expect(edits([.scale("temperature", by: 0.6)], ["temperature": before]) == expected)
  }

  @Test(
    "leaves what is no number to the upstream",
    arguments: ["\"0.7\"", "null", "true", "[1]", "1e999", "nan", "0x1p3"])
  func noNumber(json: String) {
    #expect(edits([.scale("t", by: 2), .clamp("t", lowest: 0, highest: 1)], ["t": json]) == [])
  }

  @Test("clamps to the nearer bound, with a warning")
  func clamp() {
    let rule = [ParameterRule.Action.clamp("temperature", lowest: 0, highest: 1)]
    #expect(edits(rule, ["temperature": "0.5"]) == [])
    #expect(edits(rule, ["temperature": "1.0"]) == [])
    #expect(changes(rule, ["temperature": "2"]) == ["temperature:replace(json: \"1\")"])
    #expect(changes(rule, ["temperature": "-3"]) == ["temperature:replace(json: \"0\")"])
    #expect(edits(rule, ["temperature": "2"]).first?.warning?.contains("temperature was set to 1") == true)
    #expect(
      changes([.clamp("max_tokens", lowest: nil, highest: 8_192)], ["max_tokens": "100000"])
        == ["max_tokens:replace(json: \"8192\")"])
    #expect(edits([.clamp("x", lowest: nil, highest: nil)], ["x": "5"]) == [])
  }

  @Test("drops with a warning")
  func drop() {
    let found = edits([.drop("logit_bias")], ["logit_bias": "{}"])
    #expect(found.map(\.change) == [.remove])
    #expect(found.first?.warning?.contains("logit_bias") == true)
    #expect(edits([.drop("logit_bias")], [:]) == [])
  }

  @Test("applies rules one after the other and makes one edit a member")
  func sequence() {
    #expect(
      changes([.scale("t", by: 0.5), .clamp("t", lowest: nil, highest: 0.8)], ["t": "2"])
        == ["t:replace(json: \"0.8\")"])
    #expect(edits([.fill("t", json: "1"), .drop("t")], [:]) == [])
    #expect(changes([.drop("t"), .fill("t", json: "1")], ["t": "2"]) == ["t:replace(json: \"1\")"])
    #expect(edits([.scale("t", by: 2), .scale("t", by: 0.5)], ["t": "3"]) == [])
  }

  @Test("applies a rule only to its endpoints")
  func endpoints() {
    let rules = [ParameterRule.kimiAnthropicTemperature]
    let value: (String) -> String? = { $0 == "temperature" ? "1" : nil }
    #expect(ParameterPlan.edits(rules, endpoint: .messages, value: value).count == 1)
    #expect(ParameterPlan.edits(rules, endpoint: .chatCompletions, value: value).isEmpty)
  }

  @Test("asks for each member once, and for none without rules")
  func asks() {
    var asked: [String] = []
    let edits = ParameterPlan.edits(
      ParameterRule.openAIReasoning + ParameterRule.openAIReasoning, endpoint: .chatCompletions
    ) {
      asked.append($0)
      return "1"
    }
    #expect(asked.count == Set(asked).count)
    #expect(edits.count == 5)
    _ = ParameterPlan.edits([], endpoint: .responses) { _ in
      Issue.record("asked without a rule")
      return nil
    }
  }
}
