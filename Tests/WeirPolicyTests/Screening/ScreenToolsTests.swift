import Testing
import WeirWire

@testable import WeirPolicy

@Suite("Rules for tools")
struct ScreenToolsTests {
  private func tool(_ name: String) -> String { #"{"type":"function","function":{"name":"\#(name)"}}"# }

  private func chat(_ tools: [String], _ more: String = "") -> String {
    #"{"model":"m","tools":[\#(tools.map(tool).joined(separator: " , "))]\#(more),"messages":[]}"#
  }

  private func rule(
    allow: [String] = [], deny: [String] = [], _ onOffer: ToolRule.OnOffer = .refuse,
    history: ToolRule.OnHistory = .pass, replies: ToolPermissions.OnReply = .pass
  ) -> ToolRule {
    ToolRule(
      permissions: ToolPermissions(
        allow: allow.map { ModelPattern($0) }, deny: deny.map { ModelPattern($0) }, onReply: replies),
      onOffer: onOffer, onHistory: history)
  }

  @Test("refuse a request that offers a forbidden tool, and name it")
  func refuses() throws {
    let screened = try Screened(chat(["get", "shell_run"]), tools: [rule(deny: ["shell*"])])
    let refusal = try #require(screened.refusal)
    #expect(refusal.code == .toolNotAllowed)
    #expect(refusal.status == 403)
    #expect(refusal.what == "the tool shell_run is not allowed by this proxy")
    #expect(refusal.param == "tools[1]")
    #expect(!refusal.logged.contains("shell_run"))
    #expect(screened.findings == ["tools refuse tools[1] 1"])
    #expect(try Screened(chat(["get"]), tools: [rule(deny: ["shell*"])]).refusal == nil)
    #expect(try Screened(chat(["get"]), tools: [rule(allow: ["set"])]).refusal != nil)
    #expect(try Screened(chat(["GET"]), tools: [rule(deny: ["get"])]).refusal != nil)
  }

  @Test(
    "take forbidden tools out with their commas",
    arguments: [
      (["x", "a", "b"], ["a", "b"]), (["a", "x", "b"], ["a", "b"]), (["a", "b", "x"], ["a", "b"]),
      (["x", "x", "a"], ["a"]), (["a", "x", "x"], ["a"]), (["x", "a", "x", "x", "b", "x"], ["a", "b"]),
    ])
  func strips(offered: [String], kept: [String]) throws {
    let screened = try Screened(chat(offered), tools: [rule(deny: ["x"], .strip)])
    #expect(screened.refusal == nil)
    #expect(screened.body.filter { $0 != " " } == chat(kept).filter { $0 != " " })
    #expect(screened.exchange.edits == ["tools"])
    #expect(screened.findings == ["tools strip tools 1"])
  }

  @Test("take the whole list out where no tool is left, and what chooses from it")
  func stripsAll() throws {
    let screened = try Screened(
      chat(["x"], #","tool_choice":"auto","parallel_tool_calls":true"#), tools: [rule(deny: ["x"], .strip)])
    #expect(screened.body == #"{"model":"m","messages":[]}"#)
    #expect(screened.exchange.edits == ["tools", "tool_choice", "parallel_tool_calls"])
  }

  @Test("take a choice out that names a tool which is gone")
  func choices() throws {
    let choice = #","tool_choice":\#(tool("x"))"#
    let screened = try Screened(chat(["x", "a"], choice), tools: [rule(deny: ["x"], .strip)])
    #expect(screened.body == chat(["a"]))
    #expect(screened.exchange.edits == ["tools", "tool_choice"])
    #expect(try Screened(chat(["a"], choice), tools: [rule(deny: ["x"])]).refusal?.param == "tool_choice")
  }

  @Test(
    "know the shapes of all APIs",
    arguments: [
      ("/v1/responses", #"{"model":"m","tools":[{"type":"web_search"}],"input":"a"}"#),
      ("/v1/responses", #"{"model":"m","tools":[{"type":"mcp","server_label":"web_x"}],"input":"a"}"#),
      ("/v1/messages", #"{"model":"m","tools":[{"name":"web_x","input_schema":{}}],"messages":[]}"#),
      ("/v1/messages", #"{"model":"m","mcp_servers":[{"type":"url","name":"web_x"}],"messages":[]}"#),
      ("/v1/chat/completions", #"{"model":"m","functions":[{"name":"web_x"}],"messages":[]}"#),
      ("/v1/chat/completions", #"{"model":"m","function_call":{"name":"web_x"},"messages":[]}"#),
      ("/v1/chat/completions", #"{"model":"m","t\u006fols":[{"function":{"name":"\u0077eb_x"}}],"messages":[]}"#),
    ])
  func shapes(path: String, json: String) throws {
    #expect(try Screened(json, path: path, tools: [rule(deny: ["web_*"])]).refusal?.code == .toolNotAllowed)
    let stripped = try Screened(json, path: path, tools: [rule(deny: ["web_*"], .strip)])
    #expect(stripped.refusal == nil)
    #expect(!stripped.body.contains("_x") && !stripped.body.contains("web_search"))
  }

  @Test("forbid all MCP servers by that word")
  func mcp() throws {
    let json = #"{"model":"m","tools":[{"type":"mcp","server_label":"l"}],"input":"a"}"#
    #expect(try Screened(json, path: "/v1/responses", tools: [rule(deny: ["mcp"])]).refusal != nil)
    #expect(try Screened(json, path: "/v1/responses", tools: [rule(allow: ["l"])]).refusal == nil)
  }

  @Test("look at earlier turns where that is wanted")
  func history() throws {
    let json =
      #"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[\#(tool("x"))]}]}"#
    #expect(try Screened(json, tools: [rule(deny: ["x"])]).refusal == nil)
    let refusal = try Screened(json, tools: [rule(deny: ["x"], history: .refuse)]).refusal
    #expect(refusal?.code == .toolNotAllowed)
    #expect(refusal?.param == "messages[1]")
  }

  @Test("refuse a tool without a name")
  func nameless() throws {
    let json = #"{"model":"m","tools":[{"type":"function"}],"messages":[]}"#
    #expect(try Screened(json, tools: [rule(deny: ["x"])]).refusal?.code == .toolNotAllowed)
  }

  @Test("refuse more tools than are looked at, also where forbidden ones would be stripped")
  func tooMany() throws {
    let many = [String](repeating: tool("a"), count: NamedTools.mostTools + 1).joined(separator: ",")
    for onOffer in [ToolRule.OnOffer.refuse, .strip] {
      let json = #"{"model":"m","tools":[\#(many)],"messages":[]}"#
      let refusal = try Screened(json, tools: [rule(deny: ["x"], onOffer)]).refusal
      #expect(refusal?.code == .toolNotAllowed)
      #expect(refusal?.param == "tools")
    }
  }

  @Test("of the client hold beside those of the section")
  func ofClient() throws {
    let tools = ToolPermissions(deny: [ModelPattern("x")], onReply: .strip)
    let client = ClientProfile(name: "alice", tools: tools)
    #expect(try Screened(chat(["x"]), client: client).refusal?.code == .toolNotAllowed)
    #expect(try Screened(chat(["a"]), client: client).exchange.toolPermissions == tools)
    #expect(try Screened(chat(["y"]), tools: [rule(deny: ["y"])], client: client).refusal != nil)
  }

  @Test("tell what replies may call, all rules together")
  func replies() throws {
    #expect(try Screened(chat([]), tools: [rule(deny: ["x"])]).exchange.toolPermissions == nil)
    let rules = [
      rule(allow: ["a*"], replies: .strip), rule(allow: ["*b"], deny: ["aab"], replies: .refuse), rule(deny: ["ac*"]),
    ]
    let permissions = try #require(try Screened(chat([]), tools: rules).exchange.toolPermissions)
    #expect(permissions.onReply == .refuse)
    #expect(permissions.allows(["ab"]) && permissions.allows(["acb"]))
    #expect(!permissions.allows(["a"]) && !permissions.allows(["b"]) && !permissions.allows(["aab"]))
  }
}
