import Testing
import WeirWire

@testable import WeirPolicy

@Suite("A model's addition to the system prompt")
struct AddSystemPromptTests {
  /// A request as it goes upstream, and what the changes are called.
  private func sent(
    _ json: String, _ path: String = "chat/completions", addition: String = "Be \"brief\".",
    rules: [ParameterRule] = []
  ) throws -> (body: String, edits: [String]) {
    let model = CatalogModel(id: "m", parameterRules: rules, systemPromptAddition: addition)
    let policy = PolicySnapshot.of(models: ModelCatalog(kimiModelID: "", additions: [model]))
    let head = RequestHead(method: "POST", target: "/v1/" + path)
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    try RequestPath.admit(exchange, head: head, json: json, policy: policy)
    let body = exchange.splice.applied(to: json)
    _ = try envelope(body)
    return (body, exchange.edits)
  }

  @Test(
    "is a system message before all others in chat",
    arguments: [
      (#"[{"role":"user","content":"hi"}]"#, #","#, #"{"role":"user","content":"hi"}]"#),
      (#"[ {"role":"system","content":[]} , 2 ]"#, #","#, #" {"role":"system","content":[]} , 2 ]"#),
      ("[]", "", "]"), ("[ \n\t\r ]", "", " \n\t\r ]"),
    ])
  func chat(messages: String, comma: String, rest: String) throws {
    let (body, edits) = try sent(#"{"model":"m", "messages" : \#(messages) }"#)
    let message = #"{"role":"system","content":"Be \"brief\"."}"#
    #expect(body == #"{"model":"m", "messages" : [\#(message)\#(comma)\#(rest) }"#)
    #expect(edits == ["messages"])
  }

  @Test("finds the first message behind any amount of white space")
  func whiteSpace() throws {
    for count in [15, 16, 17, 47, 48, 49, 10_000] {
      let space = String(repeating: " ", count: count)
      #expect(try sent(#"{"model":"m","messages":[\#(space)]}"#).body.hasSuffix("\"}\(space)]}"))
      #expect(try sent(#"{"model":"m","messages":[\#(space){}]}"#).body.hasSuffix("\"},\(space){}]}"))
    }
  }

  @Test(
    "is the end of the instructions of a response",
    arguments: [
      (#""instructions" : "Be kind. \u00e9""#, #""instructions" : "Be kind. \u00e9\n\nBe \"brief\".""#),
      (#""instructions":"ends \\""#, #""instructions":"ends \\\n\nBe \"brief\".""#),
      (#""instructions":"""#, #""instructions":"Be \"brief\".""#),
      (#""instructions":null"#, #""instructions":"Be \"brief\".""#),
    ])
  func responses(before: String, after: String) throws {
    let (body, edits) = try sent(#"{"model":"m",\#(before),"input":"x"}"#, "responses")
    #expect(body == #"{"model":"m",\#(after),"input":"x"}"#)
    #expect(edits == ["instructions"])
  }

  @Test(
    "is the end of the system prompt of messages, a block of its own after blocks",
    arguments: [
      (#""system":"Be kind.""#, #""system":"Be kind.\n\nBe \"brief\".""#),
      (#""system":[ ]"#, #""system":[ {"type":"text","text":"Be \"brief\"."}]"#),
      (
        #""system":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}} ]"#,
        #""system":[{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}} ,"#
          + #"{"type":"text","text":"Be \"brief\"."}]"#
      ),
    ])
  func messages(before: String, after: String) throws {
    let (body, edits) = try sent(#"{"model":"m",\#(before),"messages":[]}"#, "messages")
    #expect(body == #"{"model":"m",\#(after),"messages":[]}"#)
    #expect(edits == ["system"])
  }

  @Test("is new where the request has no system prompt")
  func absent() throws {
    #expect(try sent(#"{"model":"m"}"#, "responses").body == #"{"instructions":"Be \"brief\".","model":"m"}"#)
    #expect(try sent(#"{"model":"m"}"#, "messages").body == #"{"system":"Be \"brief\".","model":"m"}"#)
  }

  @Test(
    "leaves alone what it does not understand, and APIs without a system prompt",
    arguments: [
      ("chat/completions", #""prompt":"x""#), ("chat/completions", #""messages":{"a":1}"#),
      ("chat/completions", #""messages":"x""#), ("responses", #""instructions":[{"a":1}]"#),
      ("responses", #""instructions":7"#), ("messages", #""system":{"a":1}"#), ("messages", #""system":true"#),
      ("completions", #""prompt":"x""#), ("embeddings", #""input":"x""#),
    ])
  func untouched(path: String, member: String) throws {
    let json = #"{"model":"m",\#(member)}"#
    let (body, edits) = try sent(json, path)
    #expect(body == json)
    #expect(edits == [])
  }

  @Test("may be any text, and goes with parameter rules")
  func together() throws {
    let (body, edits) = try sent(
      #"{"model":"m","top_k":1,"messages":[{}]}"#, addition: "a\"}],\n\u{1}é", rules: [ParameterRule(.drop("top_k"))])
    #expect(body == #"{"model":"m","messages":[{"role":"system","content":"a\"}],\n\u0001é"},{}]}"#)
    #expect(edits == ["top_k", "messages"])
    #expect(try sent(#"{"model":"m","messages":[]}"#, addition: CatalogModel.toolUseInstructions).edits == ["messages"])
  }

  @Test("is on for no built-in model")
  func off() throws {
    let json = #"{"model":"openai/gpt-4o","messages":[]}"#
    #expect(try sent(json).body == json)
  }
}
