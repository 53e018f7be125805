import Testing
import WeirConfiguration
import WeirPolicy
import WeirWire

@Suite("The models of the YAML file")
struct ModelsSectionTests {
  private func catalog(_ entry: String) throws -> ModelCatalog {
    try Sources.yaml("models:\n  catalog:\n    - \(entry)\n").load().catalog
  }

  @Test("say everything that a model can be")
  func everything() throws {
    let catalog = try SectionExample.sources.load().catalog
    let model = try #require(catalog.model(id: "acme/swift-1"))
    #expect(model.aliases == ["swift", "swift-*"])
    #expect(model.spellings == ["acme-swift"])
    #expect([model.name, model.provider, model.category] == ["Swift One", "acme", "reasoning"])
    #expect(model.description == "A model: small, quick")
    #expect(model.badge == "NEW")
    #expect(model.costInfo == "3x cheaper")
    #expect(model.contextWindow == 200_000)
    #expect(model.prices == ModelPrices(input: 0.5, output: 2, cached: 0.05, reasoning: 3))
    #expect(model.capabilities == [.coding, .toolUse])
    #expect(model.hasFixedTemperature)
    #expect(!model.isKimi)
    #expect(model.systemPromptAddition == "Be brief.\n")
    #expect(model.upstreams == ["acme", "default"])
    #expect(
      model.parameterRules == [
        ParameterRule(.fill("temperature", json: "0.60")), ParameterRule(.fill("max_tokens", json: "4096")),
        ParameterRule(.fill("stop", json: #"["a","b"]"#)),
        ParameterRule(.fill("provider", json: #"{"sort":"price","only":null}"#)),
        ParameterRule(.fill("seed", json: "7")),
        ParameterRule(.rename("max_tokens", to: "max_completion_tokens"), at: [.chatCompletions]),
        ParameterRule(.scale("temperature", by: 0.6), at: [.messages]),
        ParameterRule(.clamp("presence_penalty", lowest: -1, highest: 1.5)), ParameterRule(.drop("top_k")),
        .kimiAnthropicTemperature,
      ])
    #expect(catalog.resolve("swift-large:nitro").upstreamID == "acme/swift-1:nitro")
    #expect(catalog.resolve("acme-swift").upstreamID == "acme-swift")
  }

  @Test("change a built-in model in what they say, and keep the rest")
  func override() throws {
    let model = try #require(try catalog("{id: OpenAI/gpt-4, badge: OLD}").model(id: "openai/gpt-4"))
    #expect(model.id == "OpenAI/gpt-4")
    #expect(model.badge == "OLD")
    #expect(model.contextWindow == 8192)
    #expect(model.prices == ModelPrices(input: 30, output: 60))
    let kimi = try #require(
      try SectionExample.sources.load().catalog.model(id: "moonshotai/kimi-k2"))
    #expect(kimi.systemPromptAddition == CatalogModel.toolUseInstructions)
    #expect(kimi.isKimi)
  }

  @Test("may take a name over from a built-in model that they change too")
  func takeover() throws {
    let sources = Sources.yaml(
      "models: {catalog: [{id: openai/gpt-4, badge: OLD}, {id: acme/x, aliases: [GPT-4]}]}")
    #expect(sources.problems.isEmpty)
    #expect(try sources.load().catalog.resolve("gpt-4").upstreamID == "acme/x")
  }

  @Test("need no entries, nor any section")
  func nothing() throws {
    #expect(
      try Sources.yaml("models:\n  catalog:\n  deny:\n").load().catalog.models.count
        == BuiltInModels.all.count)
    #expect(try Sources().load().catalog.models.count == BuiltInModels.all.count)
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("{name: x}", "models.catalog[1]", "id is missing"),
      ("{id: a b}", "models.catalog[1].id", "is not a model name"),
      ("{id: 'a/*'}", "models.catalog[a/*].id", "an id names one model"),
      ("acme/x", "models.catalog[1]", "a single value stands where keys belong"),
      ("{id: a/b, aliases: ['*']}", "models.catalog[a/b].aliases", "is not an alias"),
      ("{id: a/b, aliases: ['x*y']}", "models.catalog[a/b].aliases", "is not an alias"),
      ("{id: a/b, aliases: {c: d}}", "models.catalog[a/b].aliases", "a group of keys"),
      ("{id: a/b, contextwindow: 5}", "models.catalog[a/b].contextwindow", "there is no such key"),
      ("{id: a/b, context_window: 0}", "models.catalog[a/b].context_window", "out of range"),
      ("{id: a/b, context_window: [1]}", "models.catalog[a/b].context_window", "the value is a list"),
      ("{id: a/b, prices: {input: 1}}", "models.catalog[a/b].prices", "output is missing"),
      ("{id: a/b, prices: {input: -1, output: 1}}", "models.catalog[a/b].prices.input", "out of range"),
      ("{id: a/b, prices: {input: $1, output: 1}}", "models.catalog[a/b].prices.input", "not a JSON number"),
      ("{id: a/b, capabilities: [codng]}", "models.catalog[a/b].capabilities", "is not one of"),
      ("{id: a/b, name: \"a\\nb\"}", "models.catalog[a/b].name", "not one short line"),
      ("{id: a/b, kimi: perhaps}", "models.catalog[a/b].kimi", "neither true nor false"),
      (
        "{id: a/b, system_prompt: {example: tools}}", "models.catalog[a/b].system_prompt.example",
        "not an example"
      ),
      ("{id: a/b, system_prompt: [a]}", "models.catalog[a/b].system_prompt", "a list"),
      ("{id: a/b, upstreams: ['a b']}", "models.catalog[a/b].upstreams", "is not an upstream's name"),
      ("{id: a/b, upstreams: []}", "models.catalog[a/b].upstreams", "the list is empty"),
      ("{id: a/b, upstreams: [acme]}", "models.catalog[a/b].upstreams", "there is no upstream acme"),
      ("{id: a/b, upstreams: [default, default]}", "models.catalog[a/b].upstreams", "default is named twice"),
      ("{id: a/b, upstreams: [moonshot]}", "models.catalog[a/b].upstreams", "there is no upstream moonshot"),
      ("{id: a/b, fallbacks: [A/b]}", "models.catalog[a/b].fallbacks", "A/b is the model itself"),
      ("{id: a/b, fallbacks: [gpt-4o, GPT-4o]}", "models.catalog[a/b].fallbacks", "GPT-4o is named twice"),
      ("{id: a/b, fallbacks: []}", "models.catalog[a/b].fallbacks", "the list is empty"),
      ("{id: a/b, retry: {retries: 11}}", "models.catalog[a/b].retry.retries", "11 is out of range"),
      ("{id: a/b, retry: {first_delay: 9}}", "models.catalog[a/b].retry", "first_delay is longer"),
    ])
  func wrong(entry: String, key: String, what: String) {
    let problems = Sources.yaml("models:\n  catalog:\n    - \(entry)\n").problems
    let problem = problems.first { $0.severity == .error }
    #expect(problem?.line == 3)
    #expect(problem?.key == key)
    #expect(problem?.what.contains(what) == true)
    #expect(problem?.fix.isEmpty == false)
  }

  @Test("say what an unknown key most likely meant")
  func nearest() {
    func fix(_ text: String) -> String? { Sources.yaml(text).problems.first?.fix }
    #expect(fix("models: {catalog: [{id: a/b, alias: [c]}]}") == "did you mean aliases?")
    #expect(fix("models: {catalogue: []}") == "did you mean catalog?")
    #expect(fix("model: {}") == "did you mean models?")
    #expect(fix("roll_outs: []") == "did you mean rollouts?")
    #expect(fix("catalog: []") == "did you mean models.catalog?")
  }

  @Test("that contradict each other are refused at the entry that does so")
  func contradictions() {
    let twice = Sources.yaml("models:\n  catalog:\n    - id: a/b\n    - id: A/b\n").problems
    #expect(twice.map(\.line) == [4])
    #expect(twice.map(\.what) == ["the model A/b is described twice"])
    let collision = Sources.yaml(
      "models:\n  catalog:\n    - {id: a/b, aliases: [x]}\n    - {id: c/d, aliases: [X]}\n"
    ).problems
    #expect(collision.map(\.key) == ["models.catalog[c/d].aliases"])
    #expect(collision.map(\.line) == [4])
    #expect(collision.map(\.what) == ["the name x is claimed by a/b and c/d"])
    let cycle = Sources.yaml(
      "models:\n  catalog:\n    - {id: a/b, aliases: [c/d]}\n    - {id: c/d, aliases: [a/b]}\n"
    ).problems
    #expect(cycle.map(\.line) == [3])
    #expect(cycle.map(\.what) == ["the aliases a/b -> c/d -> a/b lead in a circle"])
    let kimi = Sources.yaml("models: {catalog: [{id: a/b, aliases: [kimi-k2]}]}").problems
    #expect(kimi.map(\.severity) == [.error])
    #expect(kimi.first?.fix.contains("KIMI_MODEL_ID") == true)
  }

  @Test("are told all at once, those of entries and of rules together")
  func allAtOnce() {
    let problems = Sources.yaml(
      """
      models:
        catalog:
          - id: a/b
            badge: [x]
            prices: {input: x, output: 1}
        allow: [gpt-4, "b d"]
        routes: {by_length: never}
      rollouts:
        - {name: r, from: [gpt-4], variants: [{name: a, model: o3, percent: 101}]}
      retires: 1
      """
    ).problems
    #expect(problems.map(\.line) == [4, 5, 6, 7, 9, 10])
    #expect(problems.allSatisfy { $0.severity == .error })
  }

  @Test("of more than any catalog has are refused, and so is what aliases blow up")
  func bounds() {
    let many = (0...1000).map { "{id: a/m\($0)}" }.joined(separator: ",")
    #expect(Sources.yaml("models: {catalog: [\(many)]}").problems.map(\.what) == ["there are 1001 models"])
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...8 {
      bomb += "a\(level): &a\(level) [\((0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ","))]\n"
    }
    let problems = Sources.yaml(bomb + "models: {allow: *a8}\n").problems
    #expect(problems.last?.key == "models")
    #expect(problems.last?.what.contains("more than 100000 values") == true)
  }
}
