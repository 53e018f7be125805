import Testing
import WeirWire

/// The verdict on one call of the tool `f` with this schema.
func verdict(schema: String, _ arguments: String) -> ToolCallVerdict {
  verdict(tools: #"[{"type":"function","function":{"name":"f","parameters":\#(schema)}}]"#, arguments)
}

/// The verdict on one call of the tool `f`, where these tools were offered.
func verdict(tools: String, _ arguments: String, name: String = "f") -> ToolCallVerdict {
  var judge = ToolJudge()
  let call = CollectedToolCall(name: name, arguments: Array(arguments.utf8))
  return judge.judge([call], tools: Array(tools.utf8))[0]
}

@Suite("Judging tool calls")
struct ToolJudgeTests {
  private static let weather =
    #"{"type":"object","properties":{"city":{"type":"string","minLength":1},"days":{"type":"integer","minimum":1}},"#
    + #""required":["city"],"additionalProperties":false}"#

  @Test(
    "reads every form in which tools are offered",
    arguments: [
      #"{"type":"function","function":{"name":"f","description":"d","parameters":SCHEMA,"strict":true}}"#,
      #"{"type":"function","name":"f","parameters":SCHEMA,"strict":true}"#, #"{"name":"f","input_schema":SCHEMA}"#,
      #"{"type":"custom","name":"f","input_schema":SCHEMA}"#, #"{"name":"f","parameters":SCHEMA}"#,
    ])
  func forms(tool: String) {
    let tools = "[null,{\"type\":\"web_search\"},\(tool.replacing("SCHEMA", with: Self.weather))]"
    #expect(verdict(tools: tools, #"{"city":"Bern","days":2}"#) == ToolCallVerdict(.valid, tool: "f"))
    #expect(
      verdict(tools: tools, #"{"city":"Bern","days":0}"#)
        == ToolCallVerdict(.schemaMismatch, tool: "f", path: "/days", keyword: "minimum"))
  }

  @Test("a name that was not offered is unknown, and is not told, for it may be data")
  func unknown() {
    for name in ["g", "", "F", "f\u{0}", "f\n", String(repeating: "f", count: 300)] {
      let found = verdict(tools: #"[{"name":"f"}]"#, "{}", name: name)
      #expect(found == ToolCallVerdict(.unknownTool))
    }
  }

  @Test("hostile names of tools are names like others", arguments: ["\"", "a\nb", "\u{0}", "../x", "\u{202e}", "*"])
  func hostileNames(name: String) {
    let tools = "[{\"name\":\(JSONText.quoted(name)),\"input_schema\":\(Self.weather)}]"
    #expect(verdict(tools: tools, #"{"city":"x"}"#, name: name) == ToolCallVerdict(.valid, tool: name))
  }

  @Test(
    "arguments that are not JSON are told from those that are no object",
    arguments: [
      "", " ", "{", "{\"a\":1", "{'a':1}", "{\"a\":NaN}", "{}{}", "{\"a\":1,}", "nul", "\u{feff}{}x",
      "{\"a\":\"\u{1}\"}", "{}\u{0}", "{}\u{0}{\"a\":1", "\u{0}{}", "{\u{0}}", "\u{feff}{}",
    ])
  func notJSON(arguments: String) {
    #expect(verdict(schema: "{}", arguments) == ToolCallVerdict(.invalidJSON, tool: "f"))
  }

  @Test("what is JSON and no object violates any schema", arguments: ["null", "1", "[]", #""{}""#, "true"])
  func noObject(arguments: String) {
    #expect(
      verdict(schema: "{}", arguments) == ToolCallVerdict(.schemaMismatch, tool: "f", path: "", keyword: "type"))
  }

  @Test("a tool without a schema takes any object")
  func noSchema() {
    for tool in [#"{"name":"f"}"#, #"{"name":"f","parameters":null}"#, #"{"name":"f","parameters":{}}"#] {
      #expect(verdict(tools: "[\(tool)]", #"{"a":[1,{"b":null}]}"#).result == .valid)
    }
  }

  @Test("the path is made of names that the schema has; a name it does not have is a star")
  func paths() {
    let schema =
      #"{"properties":{"a/b~c":{"items":{"properties":{"n":{"type":"number"}},"required":["id"]}}},"#
      + #""additionalProperties":{"type":"integer"}}"#
    let cases = [
      (#"{"a/b~c":[{"id":1,"n":1},{"id":1,"n":"secret"}]}"#, "/a~1b~0c/1/n", "type"),
      (#"{"a/b~c":[{"id":1},{}]}"#, "/a~1b~0c/1/id", "required"), (#"{"secret":"secret"}"#, "/*", "type"),
    ]
    for (arguments, path, keyword) in cases {
      let expected = ToolCallVerdict(.schemaMismatch, tool: "f", path: path, keyword: keyword)
      #expect(verdict(schema: schema, arguments) == expected)
    }
  }

  @Test("arguments that no client can parse are invalid even where the schema is unusable")
  func unusable() {
    let schema = #"{"type":"nonsense"}"#
    #expect(verdict(schema: schema, "{").result == .invalidJSON)
    #expect(verdict(schema: schema, "{}") == ToolCallVerdict(.schemaUnusable, tool: "f"))
  }

  @Test("a call that is not whole is unchecked; without a name too")
  func notWhole() {
    var judge = ToolJudge()
    let calls = ["f", ""].map { CollectedToolCall(name: $0, arguments: [], isWhole: false) }
    let verdicts = judge.judge(calls, tools: Array(#"[{"name":"f"}]"#.utf8))
    #expect(verdicts == [ToolCallVerdict(.unchecked, tool: "f"), ToolCallVerdict(.unchecked)])
  }

  @Test("tools that cannot be read leave every call unchecked", arguments: ["", "{}", "null", "[", "3"])
  func unreadableTools(tools: String) {
    #expect(verdict(tools: tools, "{}") == ToolCallVerdict(.unchecked))
  }

  @Test("many schemas, more than are kept, give right verdicts on a second round")
  func manySchemas() {
    var judge = ToolJudge()
    for _ in 0..<2 {
      for minimum in 0..<600 {
        let tools = #"[{"name":"f","parameters":{"properties":{"a":{"minimum":\#(minimum)}}}}]"#
        let calls = [minimum, minimum - 1].map { CollectedToolCall(name: "f", arguments: Array("{\"a\":\($0)}".utf8)) }
        #expect(judge.judge(calls, tools: Array(tools.utf8)).map(\.result) == [.valid, .schemaMismatch])
      }
    }
  }
}
