import Testing

@testable import WeirSimulator

@Suite("What the model says")
struct CompletionTests {
  private func prompt(_ json: JSON) throws -> Prompt {
    var request: JSON = ["model": "moonshotai/kimi-k2"]
    for member in json.members ?? [] { request.append(member.name, member.value) }
    return try Prompt(chat: request)
  }

  private func answer(_ json: JSON, size: ReplySize = ReplySize()) throws -> Completion {
    Completion(answering: try prompt(json), size: size)
  }

  private func user(_ text: String) -> JSON { ["role": "user", "content": .string(text)] }

  private let tools: JSON = [
    ["type": "function", "function": ["name": "get_weather", "parameters": ["required": ["city"]]]],
    ["type": "function", "function": ["name": "get_time"]],
  ]

  @Test("it repeats the last text of the user, and counts words and bytes")
  func echo() throws {
    let made = try answer([
      "messages": [
        ["role": "system", "content": "bee"], user("first"),
        ["role": "user", "content": [["type": "text", "text": "big"], ["type": "text", "text": "world"]]],
      ]
    ])
    #expect(made.choices.map(\.content) == ["You said: big\nworld"])
    #expect(made.completionTokens == 4)
    #expect(made.promptTokens == 4)
    #expect(made.choices.first?.finish == .stop)
  }

  @Test("it repeats at most 200 code points")
  func longText() throws {
    let made = try answer(["messages": [user(String(repeating: "é", count: 300))]])
    #expect(made.choices.first?.content == "You said: " + String(repeating: "é", count: 200))
  }

  @Test("a limit cuts by tokens; a reply as long as the limit is whole")
  func limit() throws {
    for (most, content, finish) in [
      (0, "", Completion.Finish.length), (2, "You said: ", .length), (3, "You said: hi", .stop),
    ] {
      for name in ["max_tokens", "max_completion_tokens"] {
        var request: JSON = ["messages": [user("hi")]]
        request.append(name, JSON(most))
        let made = try answer(request)
        #expect(made.choices.first?.content == content)
        #expect(made.choices.first?.finish == finish)
      }
    }
  }

  @Test("further choices are numbered, but not in JSON")
  func choices() throws {
    #expect(
      try answer(["messages": [user("hi")], "n": 2]).choices.map(\.content) == [
        "You said: hi", "You said: hi (choice 1)",
      ])
    let json = try answer([
      "messages": [user("hi")], "n": 2, "response_format": ["type": "json_object"],
    ])
    #expect(json.choices.map(\.content) == ["{\"said\":\"hi\"}", "{\"said\":\"hi\"}"])
  }

  @Test("`call NAME` calls offered tools, in order, with ids that count over the conversation")
  func calls() throws {
    let earlier: JSON = ["role": "assistant", "tool_calls": [["id": "functions.x:0"]]]
    let made = try answer([
      "messages": [earlier, user("call get_time, call nothing, call get_weather.")], "tools": tools,
    ])
    let expected = [
      Completion.Call(id: "functions.get_time:1", name: "get_time", arguments: "{}"),
      Completion.Call(id: "functions.get_weather:2", name: "get_weather", arguments: "{\"city\":\"x\"}"),
    ]
    #expect(made.choices.first?.calls == expected)
    #expect(made.choices.first?.finish == .toolCalls)
    #expect(made.choices.first?.content == "")
  }

  @Test("tool_choice forces, names, forbids; parallel_tool_calls leaves one")
  func toolChoice() throws {
    func names(_ text: String, _ choice: JSON, parallel: Bool = true) throws -> [String] {
      let request: JSON = [
        "messages": [user(text)], "tools": tools, "tool_choice": choice,
        "parallel_tool_calls": JSON(parallel),
      ]
      return try answer(request).choices.flatMap { $0.calls.map(\.name) }
    }
    let named: JSON = ["type": "function", "function": ["name": "get_time"]]
    #expect(try names("hi", "auto").isEmpty)
    #expect(try names("hi", "required") == ["get_weather"])
    #expect(try names("hi", named) == ["get_time"])
    #expect(try names("call get_weather", named) == ["get_time"])
    #expect(try names("call get_time", "none").isEmpty)
    #expect(try names("call get_time call get_weather", "auto", parallel: false) == ["get_time"])
  }

  @Test("after a tool's result the model answers in words")
  func toolResult() throws {
    let made = try answer([
      "messages": [user("call get_time"), ["role": "tool", "content": "noon"]], "tools": tools,
    ])
    #expect(made.choices.first?.content == "You said: call get_time")
  }

  @Test("reasoning adds three tokens, is shown unless excluded, and comes with thinking models")
  func reasoning() throws {
    let hidden = try answer(["messages": [user("hi")], "reasoning": ["exclude": true]])
    #expect((hidden.completionTokens, hidden.reasoningTokens) == (6, 3))
    #expect(!hidden.showsReasoning)
    #expect(try answer(["messages": [user("hi")], "model": "a/b:thinking"]).showsReasoning)
    #expect(try answer(["messages": [user("hi")], "reasoning": ["effort": "none"]]).reasoningTokens == 0)
  }

  @Test("sizes set the length exactly, and choices share the bound")
  func sizes() throws {
    let request: JSON = ["messages": [user("hi")]]
    #expect(try answer(request, size: ReplySize(tokens: 3)).choices.first?.content == "w0 w1 w2")
    let huge = try answer(request, size: ReplySize(bytes: 10_001)).choices.first
    #expect(huge?.content.utf8.count == 10_001)
    #expect(huge?.tokens == 1251)
    #expect(huge?.pieces.count == 3)
    #expect(ReplySize(tokens: Int.max, bytes: Int.max).shared(by: 100).tokens == 10_000)
    #expect(ReplySize(tokens: -1).shared(by: 1).tokens == 0)
  }

  @Test("a model without a slash that is not listed is unknown")
  func models() {
    #expect(throws: Failure.badRequest("nonsense is not a valid model ID")) {
      try Prompt(chat: ["model": "nonsense"])
    }
    #expect(Catalog.entry(for: "someone/else") != nil)
    #expect(Catalog.entry(for: "moonshotai/kimi-k2:nitro")?.promptPrice == "0.00000057")
    #expect(Catalog.entry(for: "moonshotai/kimi-k2:free")?.completionPrice == "0")
    #expect(Catalog.entry(for: "kimi-k2.6")?.id == "moonshotai/kimi-k2.6")
    #expect(Catalog.entry(for: "") == nil)
  }

  @Test("cost is the tokens times the listed prices")
  func cost() {
    let entry = Catalog.listed("moonshotai/kimi-k2")
    #expect(entry?.cost(promptTokens: 1_000_000, completionTokens: 2_000_000) == 5.17)
  }
}

@Suite("Values that satisfy a schema")
struct SchemaExampleTests {
  @Test("required properties by type, enum, const, reference, union and lower bounds")
  func kinds() {
    let schema: JSON = [
      "$defs": ["Inner": ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"]]],
      "type": "object",
      "properties": [
        "s": ["type": "string"], "long": ["type": "string", "minLength": 3], "f": ["type": "number"],
        "b": ["type": "boolean"], "a": ["type": "array"], "o": ["type": "object"],
        "e": ["enum": ["p", "q"]], "c": ["const": 7], "r": ["$ref": "#/$defs/Inner"],
        "u": ["anyOf": [["type": "string"], ["type": "null"]]], "z": ["type": ["null", "integer"]],
        "m": ["type": "array", "items": ["type": "integer", "minimum": 5], "minItems": 2],
        "optional": ["type": "string"],
      ],
      "required": ["s", "long", "f", "b", "a", "o", "e", "c", "r", "u", "z", "m", "undeclared"],
    ]
    let expected: JSON = [
      "s": "x", "long": "xxx", "f": 1, "b": true, "a": [], "o": [:], "e": "p", "c": 7, "r": ["n": 1],
      "u": "x", "z": 1, "m": [5, 5], "undeclared": "x",
    ]
    #expect(SchemaExample.value(for: schema) == expected)
  }

  @Test("a schema that refers to itself twice ends")
  func circular() {
    let schema: JSON = [
      "required": ["left", "right"], "properties": ["left": ["$ref": "#"], "right": ["$ref": "#"]],
    ]
    #expect(SchemaExample.value(for: schema).encoded().count < 1_000_000)
  }

  @Test("nested arrays with large bounds end")
  func arrays() {
    var schema: JSON = ["type": "string", "minLength": 1000]
    for _ in 0..<8 { schema = ["type": "array", "minItems": 1000, "items": schema] }
    #expect(SchemaExample.value(for: schema).encoded().count < 20_000_000)
  }
}
