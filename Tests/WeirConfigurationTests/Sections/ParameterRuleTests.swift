import Testing
import WeirConfiguration
import WeirPolicy

@Suite("Parameter rules of the YAML file")
struct ParameterRuleTests {
  private func sources(_ rules: String) -> Sources {
    Sources.yaml("models:\n  catalog:\n    - id: a/b\n\(rules)\n")
  }

  private func rules(_ text: String) throws -> [ParameterRule]? {
    try sources(text).load().catalog.model(id: "a/b")?.parameterRules
  }

  @Test("keep numbers as spelled and text as text")
  func json() throws {
    #expect(
      try rules(
        "      defaults: {a: 1e3, b: \"1e3\", c: true, d: 'true', e: yes, f: a\"b, g: 0x1F, h: -0.50}") == [
          ParameterRule(.fill("a", json: "1e3")), ParameterRule(.fill("b", json: "\"1e3\"")),
          ParameterRule(.fill("c", json: "true")), ParameterRule(.fill("d", json: "\"true\"")),
          ParameterRule(.fill("e", json: "\"yes\"")), ParameterRule(.fill("f", json: "\"a\\\"b\"")),
          ParameterRule(.fill("g", json: "\"0x1F\"")), ParameterRule(.fill("h", json: "-0.50")),
        ])
  }

  @Test("come after the defaults, in the file's order, presets written out")
  func order() throws {
    let text = """
            parameters:
              - drop: top_k
              - preset: openai_reasoning
              - {clamp: n, max: 4}
            defaults: {seed: 1}
      """
    let expected =
      [ParameterRule(.fill("seed", json: "1")), ParameterRule(.drop("top_k"))]
      + ParameterRule.openAIReasoning + [ParameterRule(.clamp("n", lowest: nil, highest: 4))]
    #expect(try rules(text) == expected)
  }

  @Test(
    "are refused with their line",
    arguments: [
      ("{fill: seed}", "value is missing"), ("{rename: seed}", "to is missing"),
      ("{scale: seed}", "by is missing"),
      ("{clamp: seed}", "the clamp has no bound"), ("{clamp: seed, min: 2, max: 1}", "min is above max"),
      ("{scale: seed, by: fast}", "is not a JSON number"), ("{to: x}", "the rule says nothing to do"),
      ("{drop: seed, fill: n, value: 1}", "the rule says more than one thing to do"),
      ("{drop: seed, by: 2}", "drop takes no by"),
      ("{preset: openai_reasoning, endpoints: chat}", "preset takes no endpoints"),
      ("{preset: openai}", "is not one of"), ("{drop: seed, endpoints: [chats]}", "is not one of"),
      ("{drop: model}", "is not a parameter that rules may change"),
      ("{rename: seed, to: stream}", "is not a parameter that rules may change"),
      ("{drop: 'a b'}", "is not a name"), ("{drp: seed}", "there is no such key"),
      ("{fill: temperature, value: '0.6'}", "temperature is a number"),
      ("{fill: temperature, value: .6}", "temperature is a number"), ("drop", "stands where keys belong"),
    ])
  func wrong(rule: String, what: String) {
    let problems = sources("      parameters:\n        - \(rule)").problems
    #expect(problems.map(\.line) == [5])
    #expect(problems.first?.what.contains(what) == true)
    #expect(problems.first?.key?.hasPrefix("models.catalog[a/b].parameters[1]") == true)
  }

  @Test("of defaults are refused with their line too")
  func wrongDefaults() {
    let problems = sources("      defaults:\n        messages: []\n        temperature: warm").problems
    #expect(problems.map(\.line) == [5, 6])
    #expect(sources("      defaults: [temperature]").problems.count == 1)
  }
}
