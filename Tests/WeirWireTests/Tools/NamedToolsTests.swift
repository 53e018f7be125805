import Testing
import WeirWire

@Suite("Tools that a request names")
struct NamedToolsTests {
  private func offered(_ json: String) throws -> [[[String]]]? {
    try NamedTools.offers(in: Array(json.utf8))?.map(\.tools)
  }

  private func list(_ count: Int, of element: String) -> String {
    "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
  }

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
  func offers(element: String, tools: [[String]]) throws { #expect(try offered("[\(element)]") == [tools]) }

  @Test("are not looked at where there are more than any request has, wherever they stand")
  func tooMany() throws {
    let most = NamedTools.mostTools
    #expect(try offered(list(most, of: "{}"))?.count == most)
    #expect(throws: NamedTools.TooMany.self) { try offered(list(most + 1, of: "{}")) }
    // The one around them counts too.
    for key in ["tools", "allowed_tools"] {
      #expect(throws: NamedTools.TooMany.self) { try offered(#"[{"\#(key)":\#(list(most, of: #"{"name":"f"}"#))}]"#) }
    }
    let choice = #"{"type":"allowed_tools","tools":\#(list(most, of: #"{"name":"f"}"#))}"#
    #expect(throws: NamedTools.TooMany.self) { try NamedTools.chosen(by: Array(choice.utf8)) }
  }

  @Test("stand at their bytes")
  func ranges() throws {
    let json = #"[ {"name":"a"} , {"name":"b"} ]"#
    let offers = try #require(try NamedTools.offers(in: Array(json.utf8)))
    #expect(offers.map(\.range) == [2..<14, 17..<29])
    #expect(try offered("{}") == nil)
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
  func chosen(json: String, names: [[String]]) throws {
    #expect(try NamedTools.chosen(by: Array(json.utf8)) == names)
  }

  @Test("are found in earlier turns")
  func past() {
    let json = """
      [{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"a"}}]},
      {"role":"assistant","function_call":{"name":"b"}},{"role":"function","name":"c"},
      {"role":"assistant","content":[{"type":"tool_use","name":"d"},{"type":"text","text":"x"}]},
      {"type":"function_call","name":"e"},{"type":"web_search_call"},{"type":"mcp_call","server_label":"l","name":"n"}]
      """
    var seen: [[String]] = []
    let none = NamedTools.firstPastCall(in: Array(json.utf8), member: "input") { names in
      seen.append(names)
      return false
    }
    #expect(none == nil)
    #expect(seen == [["a"], ["b"], ["c"], ["d"], ["e"], ["web_search", "web_search_call"], ["l", "mcp"]])
    for (name, place) in [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 4), ("web_search", 5), ("l", 6)] {
      let call = NamedTools.firstPastCall(in: Array(json.utf8), member: "input") { $0.contains(name) }
      #expect(call?.names.first == name)
      #expect(call?.place == "input[\(place)]")
    }
  }
}
