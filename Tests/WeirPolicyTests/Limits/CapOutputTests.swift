import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The output bound that a budget needs")
struct CapOutputTests {
  /// The body as it goes out, and the record, after the step.
  private func capped(
    _ json: String, at path: String = "/v1/chat/completions", cap: Int? = 40, bound: Int? = nil,
    rules: [ParameterRule] = []
  ) throws -> (body: String, exchange: Exchange) {
    let exchange = Exchange.opened(path)
    exchange.outputCap = cap
    exchange.outputBound = bound
    CapOutput.cap(exchange, envelope: try envelope(json), rules: rules)
    return (exchange.splice.applied(to: json), exchange)
  }

  private func asked(_ json: String, _ endpoint: Endpoint = .chatCompletions) throws -> Int? {
    let bytes = Array(json.utf8)
    return CapOutput.asked(try envelope(json), endpoint: endpoint) { String(decoding: bytes[$0], as: UTF8.self) }
  }

  private func choices(_ json: String, _ endpoint: Endpoint = .chatCompletions) throws -> Int {
    let bytes = Array(json.utf8)
    let found = try envelope(json, finding: MemberNames(CapOutput.memberNames))
    return CapOutput.choices(found, endpoint: endpoint) { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test(
    "is put in by the name that the API has for it, and told",
    arguments: [
      ("/v1/chat/completions", "max_tokens"), ("/v1/completions", "max_tokens"), ("/v1/messages", "max_tokens"),
      ("/v1/responses", "max_output_tokens"),
    ])
  func put(path: String, name: String) throws {
    let (body, exchange) = try capped(#"{"model":"m"}"#, at: path)
    #expect(body == "{\"model\":\"m\",\"\(name)\":40}" || body == "{\"\(name)\":40,\"model\":\"m\"}")
    #expect(exchange.edits == [name])
    #expect(exchange.warnings == ["\(name) was set to 40, since a budget applies and the request names no bound"])
    #expect(exchange.outputBound == 40)
  }

  @Test("is not put in where no budget asks for it, for embeddings, and where one is known")
  func left() throws {
    let json = #"{"model":"m"}"#
    for result in [
      try capped(json, cap: nil), try capped(json, at: "/v1/embeddings"), try capped(json, bound: 7),
    ] {
      #expect(result.body == json)
      #expect(result.exchange.edits.isEmpty && result.exchange.warnings.isEmpty)
    }
  }

  @Test(
    "takes the place of what is no bound",
    arguments: [
      (#"{"max_tokens":null}"#, #"{"max_tokens":40}"#), (#"{"max_tokens":"9"}"#, #"{"max_tokens":40}"#),
      (#"{"max_tokens":1e6,"n":1}"#, #"{"max_tokens":40,"n":1}"#),
      (#"{"max_completion_tokens":-1}"#, #"{"max_completion_tokens":40}"#),
      (#"{"max_tokens":1e6,"max_completion_tokens":7}"#, #"{"max_tokens":40,"max_completion_tokens":40}"#),
    ])
  func replaced(json: String, expected: String) throws {
    let (body, exchange) = try capped(json, bound: try asked(json))
    #expect(body == expected)
    #expect(exchange.outputBound == 40)
    #expect(exchange.edits.allSatisfy { json.contains($0) } && !exchange.edits.isEmpty)
  }

  @Test("stands beside another API's bound, which the upstream does not know")
  func otherAPI() throws {
    let (body, exchange) = try capped(#"{"max_output_tokens":1}"#)
    #expect(body.contains(#""max_output_tokens":1"#) && body.contains(#""max_tokens":40"#))
    #expect(exchange.edits == ["max_tokens"])
  }

  @Test("is called an edit once, where another step had edited the member")
  func editedBefore() throws {
    let exchange = Exchange.opened()
    exchange.outputCap = 40
    exchange.edits = ["max_tokens"]
    CapOutput.cap(exchange, envelope: try envelope("{}"))
    #expect(exchange.edits == ["max_tokens"])
  }

  @Test("goes by the name that the model's rules make of the API's, and no higher than they let it")
  func byRules() throws {
    let renamed = [
      ParameterRule(.rename("max_tokens", to: "max_completion_tokens")),
      ParameterRule(.clamp("max_completion_tokens", lowest: 1, highest: 30.5)),
    ]
    let (body, exchange) = try capped(#"{"model":"m"}"#, rules: renamed)
    #expect(body.contains(#""max_completion_tokens":30"#) && !body.contains("max_tokens\":40"))
    #expect(exchange.edits == ["max_completion_tokens"] && exchange.outputBound == 30)
    let elsewhere = [ParameterRule(.drop("max_tokens"), at: [.responses])]
    #expect(try capped(#"{"model":"m"}"#, rules: elsewhere).exchange.outputBound == 40)
  }

  @Test("is lowered by what holds for the name that it has when the rule comes, as a client's is")
  func byRulesInOrder() throws {
    let clamp = ParameterRule(.clamp("max_tokens", lowest: nil, highest: 30))
    let rename = ParameterRule(.rename("max_tokens", to: "max_completion_tokens"))
    let newer = ParameterRule(.clamp("max_completion_tokens", lowest: nil, highest: 20))
    func bound(_ json: String, _ rules: [ParameterRule]) throws -> Int? {
      try capped(json, rules: rules).exchange.outputBound
    }
    #expect(try bound("{}", [clamp, rename]) == 30)
    #expect(try bound("{}", [rename, clamp]) == 40)
    #expect(try bound("{}", [newer, rename]) == 40)
    #expect(try bound("{}", [clamp, rename, newer]) == 20)
    #expect(try bound(#"{"max_completion_tokens":null}"#, [clamp, rename]) == 40)
    #expect(try bound(#"{"max_completion_tokens":null}"#, [newer, rename]) == 20)
  }

  @Test("is not put in where the model's rules drop it, and takes the place of what they leave")
  func dropped() throws {
    let rules = [ParameterRule(.drop("max_tokens"))]
    let (body, exchange) = try capped(#"{"model":"m"}"#, rules: rules)
    #expect(body == #"{"model":"m"}"#)
    #expect(exchange.edits.isEmpty && exchange.warnings.isEmpty && exchange.outputBound == nil)
    #expect(try capped(#"{"max_completion_tokens":null}"#, rules: rules).body == #"{"max_completion_tokens":40}"#)
  }

  @Test("is no higher than what screening allows")
  func screened() throws {
    let exchange = Exchange.opened()
    exchange.outputCap = 40
    exchange.screening = ScreeningRecord()
    exchange.screening?.outputBound = 25
    CapOutput.cap(exchange, envelope: try envelope("{}"))
    #expect(exchange.splice.applied(to: "{}") == #"{"max_tokens":25}"#)
    #expect(exchange.outputBound == 25)
  }

  @Test(
    "that the request names itself is the largest of the API's members, and none where one is in doubt",
    arguments: [
      (#"{"model":"m"}"#, nil), (#"{"max_tokens":7}"#, 7), (#"{"max_completion_tokens":8}"#, 8),
      (#"{"max_output_tokens":9}"#, nil), (#"{"max_tokens":9,"max_completion_tokens":3}"#, 9),
      (#"{"max_tokens":null}"#, nil), (#"{"max_tokens":null,"max_completion_tokens":3}"#, 3),
      (#"{"max_tokens":"7"}"#, nil), (#"{"max_tokens":7.0}"#, nil),
      (#"{"max_tokens":1e1,"max_completion_tokens":3}"#, nil),
      (#"{"max_tokens":-1}"#, nil), (#"{"max_tokens":0}"#, 0), (#"{"max_tokens":[7]}"#, nil),
      (#"{"max_tokens":999999999999999999}"#, 999_999_999_999_999_999), (#"{"max_tokens":9999999999999999999}"#, nil),
    ] as [(String, Int?)])
  func asked(json: String, bound: Int?) throws {
    #expect(try asked(json) == bound)
  }

  @Test("has another name in other APIs, and none for embeddings")
  func names() throws {
    let all = #"{"max_tokens":1,"max_completion_tokens":2,"max_output_tokens":3}"#
    #expect(try asked(all, .chatCompletions) == 2)
    #expect(try asked(all, .completions) == 1)
    #expect(try asked(all, .messages) == 1)
    #expect(try asked(all, .responses) == 3)
    #expect(try asked(all, .embeddings) == nil)
  }

  @Test(
    "is needed for each choice, and for a thousand where their number is in doubt",
    arguments: [
      ("{}", 1), (#"{"n":3}"#, 3), (#"{"n":null}"#, 1), (#"{"n":1e2}"#, 1000), (#"{"n":2.0}"#, 1000),
      (#"{"n":"2"}"#, 1000), (#"{"n":-5}"#, 1000),
    ])
  func choices(json: String, count: Int) throws {
    #expect(try choices(json) == count)
  }

  @Test(
    "counts what /completions makes behind the scenes: the best of several, and one for each prompt",
    arguments: [
      (#"{"n":2,"best_of":20}"#, 20), (#"{"best_of":1e2}"#, 1000), (#"{"best_of":null}"#, 1),
      (#"{"prompt":"one, \"two\" [three]"}"#, 1), (#"{"prompt":["a","b, \"c\"","d\\"]}"#, 3),
      (#"{"prompt":[1,2,3]}"#, 1), (#"{"prompt":[[1,2],[3]],"best_of":4}"#, 8), (#"{"prompt":[]}"#, 1),
      // Over the product of these the process once ended.
      (#"{"prompt":["a","b","c","d","e","f","g","h","i","j"],"n":999999999999999999}"#, 1000),
    ])
  func completions(json: String, count: Int) throws {
    #expect(try choices(json, .completions) == count)
  }
}
