import Testing
import WeirWire

@testable import WeirPolicy

@Suite("A model's parameter rules on a body")
struct EditParametersTests {
  /// A request as it goes upstream.
  private func sent(
    _ json: String, _ rules: [ParameterRule], to id: String = "acme/big", path: String = "/v1/chat/completions",
    isKimi: Bool = false, maxTokens: Int? = nil, temperature: String? = nil
  ) throws -> (body: String, exchange: Exchange) {
    let model = CatalogModel(id: id, aliases: ["big"], parameterRules: rules, isKimi: isKimi)
    let policy = PolicySnapshot.of(
      models: ModelCatalog(kimiModelID: "", additions: [model]), maxTokens: maxTokens, temperature: temperature)
    let head = RequestHead(method: "POST", target: path)
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    try RequestPath.admit(exchange, head: head, json: json, policy: policy)
    return (exchange.splice.applied(to: json), exchange)
  }

  private func body(_ json: String, _ actions: [ParameterRule.Action]) throws -> String {
    try sent(json, actions.map { ParameterRule($0) }).body
  }

  @Test("fill in what the request does not say, under any member's name")
  func fill() throws {
    let rules: [ParameterRule.Action] = [.fill("top_k", json: "40"), .fill("reasoning", json: #"{"effort":"low"}"#)]
    #expect(
      try body(#"{"model":"acme/big"}"#, rules)
        == #"{"top_k":40,"reasoning":{"effort":"low"},"model":"acme/big"}"#)
    let said = #"{"model":"acme/big", "top_k" : 3, "re\u0061soning":null}"#
    #expect(try body(said, rules) == said)
  }

  @Test("rename, scale, clamp and drop, and every other byte stays")
  func change() throws {
    let json =
      #"{ "model":"acme/big" , "max_tokens" : 1e3, "temperature":1.0,"top_k":500, "x_opt":{"a":[1,2]} ,"#
      + #""é":"\u00e9"}"#
    let (body, exchange) = try sent(
      json,
      [
        ParameterRule(.rename("max_tokens", to: "max_completion_tokens")),
        ParameterRule(.scale("temperature", by: 0.6)), ParameterRule(.clamp("top_k", lowest: 1, highest: 100)),
        ParameterRule(.drop("x_opt")),
      ])
    #expect(
      body
        == #"{"max_completion_tokens":1e3, "model":"acme/big" , "temperature":0.6,"top_k":100 ,"é":"\u00e9"}"#)
    #expect(exchange.edits == ["max_completion_tokens", "max_tokens", "temperature", "top_k", "x_opt"])
    #expect(exchange.warnings.count == 2)
    #expect(exchange.warnings.first?.contains("top_k") == true)
    #expect(exchange.warnings.last?.contains("x_opt") == true)
  }

  @Test(
    "leave the largest output bound that goes upstream",
    arguments: [
      (#""max_tokens":7"#, .drop("max_tokens"), nil), (#""max_tokens":7"#, .drop("top_p"), 7),
      (#""max_tokens":7"#, .rename("max_tokens", to: "max_completion_tokens"), 7),
      (#""max_tokens":7,"max_completion_tokens":9"#, .drop("max_tokens"), 9),
      (#""max_tokens":700,"max_completion_tokens":900"#, .clamp("max_tokens", lowest: 1, highest: 50), 900),
      (#""max_tokens":700"#, .clamp("max_tokens", lowest: 1, highest: 50), 50),
    ] as [(String, ParameterRule.Action, Int?)])
  func bound(members: String, action: ParameterRule.Action, bound: Int?) throws {
    let (_, exchange) = try sent(#"{"model":"acme/big",\#(members)}"#, [ParameterRule(action)])
    #expect(exchange.outputBound == bound)
  }

  @Test("may empty a body of all but the model")
  func dropAll() throws {
    #expect(
      try body(#"{"a":1,"b":2,"model":"acme/big","c":3}"#, [.drop("a"), .drop("b"), .drop("c")])
        == #"{"model":"acme/big"}"#)
  }

  @Test("are those of the model that serves the request, by any of its names, and come after the model's own edit")
  func served() throws {
    let (body, exchange) = try sent(#"{"model":"big","top_k":1}"#, [ParameterRule(.drop("top_k"))])
    #expect(body == #"{"model":"acme/big"}"#)
    #expect(exchange.edits == ["model", "top_k"])
    let other = #"{"model":"openai/gpt-4o","top_k":1}"#
    #expect(try sent(other, [ParameterRule(.drop("top_k"))]).body == other)
  }

  @Test("are the fallback's where the kill switch diverts a request")
  func diverted() throws {
    let models = ModelCatalog(
      kimiModelID: "",
      additions: [
        CatalogModel(id: "acme/big", parameterRules: [ParameterRule(.drop("top_k"))]),
        CatalogModel(id: "moonshotai/kimi-k2", parameterRules: [ParameterRule(.drop("seed"))]),
      ])
    let policy = PolicySnapshot.of(models: models, isKimiEnabled: false, fallbackModel: "acme/big")
    let head = RequestHead(method: "POST", target: "/v1/chat/completions")
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    let json = #"{"model":"kimi-k2","top_k":1,"seed":2}"#
    try RequestPath.admit(exchange, head: head, json: json, policy: policy)
    #expect(exchange.splice.applied(to: json) == #"{"model":"acme/big","seed":2}"#)
  }

  @Test("apply to their endpoints only")
  func endpoints() throws {
    let json = #"{"model":"acme/big","temperature":1}"#
    let rules = [ParameterRule.kimiAnthropicTemperature]
    #expect(try sent(json, rules).body == json)
    #expect(try sent(json, rules, path: "/v1/messages").body == #"{"model":"acme/big","temperature":0.6}"#)
  }

  @Test("give a default for the bound on tokens the endpoint's name, and none beside a bound of another name")
  func bound() throws {
    let json = #"{"model":"acme/big"}"#
    let rules = [ParameterRule(.fill("max_tokens", json: "7"))]
    #expect(try sent(json, rules).exchange.edits == ["max_tokens"])
    #expect(try sent(json, rules, path: "/v1/responses").exchange.edits == ["max_output_tokens"])
    #expect(try sent(json, rules, path: "/v1/embeddings").body == json)
    let newer = [ParameterRule(.fill("max_completion_tokens", json: "7"))]
    #expect(try sent(json, newer).exchange.edits == ["max_completion_tokens"])
    #expect(try sent(json, newer, path: "/v1/messages").exchange.edits == ["max_tokens"])
    #expect(try sent(json, rules + newer).exchange.edits == ["max_tokens"])
    let said = #"{"model":"acme/big","max_completion_tokens":9}"#
    #expect(try sent(said, rules).body == said)
    let named = [ParameterRule(.fill("max_tokens", json: "7"), at: [.responses])]
    #expect(try sent(json, named, path: "/v1/responses").exchange.edits == ["max_tokens"])
    #expect(try sent(json, named).body == json)
  }

  private let kimi = "moonshotai/kimi-k2"
  private let askedKimi = #"{"model":"moonshotai/kimi-k2"}"#

  @Test("stand beside the Kimi defaults, which fill in what the model's own leave open")
  func kimiDefaults() throws {
    func edits(_ rules: [ParameterRule.Action], _ json: String? = nil) throws -> String {
      try sent(
        json ?? askedKimi, rules.map { ParameterRule($0) }, to: kimi, isKimi: true, maxTokens: 1024, temperature: "0.60"
      ).body
    }
    let rest = #""model":"moonshotai/kimi-k2"}"#
    #expect(try edits([.fill("seed", json: "1")]) == #"{"max_tokens":1024,"temperature":0.60,"seed":1,"# + rest)
    #expect(try edits([.fill("temperature", json: "0.3")]) == #"{"max_tokens":1024,"temperature":0.3,"# + rest)
    #expect(
      try edits([.fill("max_completion_tokens", json: "5")])
        == #"{"temperature":0.60,"max_completion_tokens":5,"# + rest)
    let said = #"{"model":"moonshotai/kimi-k2","temperature":1,"max_output_tokens":2}"#
    #expect(try edits([.fill("top_p", json: "1")], said).hasPrefix(#"{"top_p":1,"model""#))
  }

  @Test("that scale leave the Kimi defaults alone, and those that drop, rename or clamp do not")
  func kimiDefaultsAndRules() throws {
    func body(_ action: ParameterRule.Action, _ json: String? = nil) throws -> String {
      try sent(
        json ?? askedKimi, [ParameterRule(action)], to: kimi, isKimi: true, maxTokens: 1024, temperature: "0.60"
      ).body
    }
    let rest = #""model":"moonshotai/kimi-k2"}"#
    #expect(try body(.scale("temperature", by: 0.5)) == #"{"max_tokens":1024,"temperature":0.60,"# + rest)
    #expect(try body(.drop("temperature")) == #"{"max_tokens":1024,"# + rest)
    #expect(
      try body(.rename("max_tokens", to: "max_completion_tokens"))
        == #"{"temperature":0.60,"max_completion_tokens":1024,"# + rest)
    #expect(
      try body(.clamp("max_tokens", lowest: nil, highest: 100)) == #"{"max_tokens":100,"temperature":0.60,"# + rest)
    let said = #"{"model":"moonshotai/kimi-k2","temperature":1,"max_tokens":2}"#
    #expect(
      try body(.scale("temperature", by: 0.5), said)
        == #"{"model":"moonshotai/kimi-k2","temperature":0.5,"max_tokens":2}"#)
  }

  @Test("leave one valid object with each key once, over requests and rules drawn at random")
  func property() throws {
    var random = SplitMix64(seed: 31)
    let names = ["temperature", "max_tokens", "max_completion_tokens", "top_k", "seed", "x"]
    let values = ["1", "0.5", "null", "\"s\"", "[1,2]", "{\"a\":\"}\"}", "-3e2", "1000000"]
    for _ in 0..<3000 {
      let present = names.filter { _ in Bool.random(using: &random) }
      var members = present.map { "\"\($0)\" : \(values.randomElement(using: &random) ?? "1")" }
      members.insert(#""model":"acme/big""#, at: Int.random(in: 0...members.count, using: &random))
      let json = "{\(members.joined(separator: " ,"))}"
      let rules = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        rule(names.randomElement(using: &random) ?? "x", names.randomElement(using: &random) ?? "x", &random)
      }
      let (body, exchange) = try sent(
        json, rules, isKimi: Bool.random(using: &random), maxTokens: 9, temperature: "0.6")
      let before = try envelope(json, finding: MemberNames(names))
      let after = try envelope(body, finding: MemberNames(names))
      #expect(after.model == "acme/big")
      let (old, new) = (Array(json.utf8), Array(body.utf8))
      for name in names where !exchange.edits.contains(name) {
        #expect(after.member(name).map { Array(new[$0.value]) } == before.member(name).map { Array(old[$0.value]) })
      }
      for name in exchange.edits { #expect(before.member(name) != nil || after.member(name) != nil) }
    }
  }

  private func rule(_ name: String, _ other: String, _ random: inout SplitMix64) -> ParameterRule {
    switch Int.random(in: 0..<5, using: &random) {
    case 0: ParameterRule(.fill(name, json: "{\"f\":1}"))
    case 1: ParameterRule(.rename(name, to: other))
    case 2: ParameterRule(.scale(name, by: 0.6))
    case 3: ParameterRule(.clamp(name, lowest: 0, highest: 10))
    default: ParameterRule(.drop(name))
    }
  }
}
