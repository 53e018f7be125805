import Testing
import WeirWire

@Suite("Tools that a request names")
struct NamedToolsTests {
  private func offered(_ json: String) -> [[[String]]]? { NamedTools.offers(in: Array(json.utf8))?.map(\.tools) }

  @Test(
    "are read in every shape",
    arguments: [
      (#"{"type":"function","function":{"name":"f"}}"#, [["f"]]), (#"{"type":"function","name":"f"}"#, [["f"]]),
      (#"{"type":"custom","custom":{"name":"f"}}"#, [["f"]]), (#"{"name":"f","input_schema":{}}"#, [["f"]]),
      (#"{"type":"web_search"}"#, [["web_search"]]), (#"{"type":"bash_1","name":"bash"}"#, [["bash", "bash_1"]]),
      (#"{"type":"mcp","server_label":"l","server_url":"u"}"#, [["l", "mcp"]]),
      (#"{"type":"mcp_toolset","mcp_server_name":"l"}"#, [["l", "mcp"]]),
      (#"{"type":"url","url":"u","name":"l"}"#, [["l"]]),
      (#"{"n\u0061me":"\u0066"}"#, [["f"]]), (#"{"name":"f","name":"g"}"#, [["f"], ["g"]]),
      (#"{"type":"namespace","name":"n","tools":[{"name":"a"},{"name":"b"}]}"#, [["n", "namespace"], ["a"], ["b"]]),
      (#"{"type":"code_interpreter","name":"f"}"#, [["f", "code_interpreter"], ["code_interpreter"]]),
      (#"{"type":"text_editor_20250728","name":"f"}"#, [["f", "text_editor_20250728"]]),
      ("{" + String(repeating: #""name":"f","#, count: 9) + #""type":"x"}"#, [[]]),
      ("{" + String(repeating: #""type":"x","#, count: 9) + #""name":"f"}"#, [[]]),
      (#"{}"#, [[]]), (#""f""#, [[]]), (#"{"type":"function"}"#, [[]]), (#"{"name":7}"#, [[]]),
    ])
  func offers(element: String, tools: [[String]]) { #expect(offered("[\(element)]") == [tools]) }

  @Test("stand at their bytes")
  func ranges() throws {
    let json = #"[ {"name":"a"} , {"name":"b"} ]"#
    let offers = try #require(NamedTools.offers(in: Array(json.utf8)))
    #expect(offers.map(\.range) == [2..<14, 17..<29])
    #expect(offered("{}") == nil)
  }

  @Test(
    "are chosen in every shape",
    arguments: [
      (#""auto""#, []), (#"{"type":"auto"}"#, []), (#"{"type":"function","function":{"name":"f"}}"#, [["f"]]),
      (#"{"type":"tool","name":"f"}"#, [["f"]]), (#"{"name":"f"}"#, [["f"]]),
      (#"{"type":"web_search"}"#, [["web_search"]]),
      (#"{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}"#, [["f"]]),
      (#"{"type":"allowed_tools","allowed_tools":{"tools":[{"function":{"name":"f"}}]}}"#, [["f"]]),
    ] as [(String, [[String]])])
  func chosen(json: String, names: [[String]]) { #expect(NamedTools.chosen(by: Array(json.utf8)) == names) }

  @Test("are found in earlier turns")
  func past() {
    let json = """
      [{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"a"}}]},
      {"role":"assistant","function_call":{"name":"b"}},{"role":"function","name":"c"},
      {"role":"assistant","content":[{"type":"tool_use","name":"d"},{"type":"text","text":"x"}]},
      {"type":"function_call","name":"e"},{"type":"web_search_call"},{"type":"mcp_call","server_label":"l","name":"n"}]
      """
    let calls = NamedTools.pastCalls(in: Array(json.utf8), member: "input")
    #expect(
      calls.map(\.names) == [
        ["a"], ["b"], ["c"], ["d"], ["e"], ["web_search", "web_search_call"], ["l", "mcp"],
      ])
    #expect(calls.map(\.place).first == "input[0]")
    #expect(calls.map(\.place).last == "input[6]")
  }
}
