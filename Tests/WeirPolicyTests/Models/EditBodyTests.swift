import Testing
import WeirWire

@testable import WeirPolicy

@Suite("A body on its way upstream")
struct EditBodyTests {
  /// The body that goes upstream, and what the changes are called.
  private func edited(
    _ json: String, path: String = "/v1/chat/completions", policy: PolicySnapshot = .of()
  ) throws -> (body: String, edits: [String]) {
    let head = RequestHead(method: "POST", target: path)
    let (exchange, refusal) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    #expect(refusal == nil)
    try RequestPath.admit(exchange, head: head, json: json, policy: policy)
    return (exchange.splice.applied(to: json), exchange.edits)
  }

  @Test("stays as it is, byte by byte, where nothing asks for a change")
  func untouched() throws {
    let json = "  {\"model\" : \"some/model\",\n \"temperature\":1.0e0, \"x\":[1,2 ], \"é\":\"\\u00e9\"}  "
    let (body, edits) = try edited(json, policy: .of(maxTokens: 100, temperature: "0.5"))
    #expect(body == json)
    #expect(edits == [])
  }

  @Test("gets the id that an alias stands for, and every other byte stays")
  func alias() throws {
    let (body, edits) = try edited(#"{ "a":1, "model" : "kimi-k2" , "b":[ 2 ]}"#)
    #expect(body == #"{ "a":1, "model" : "moonshotai/kimi-k2" , "b":[ 2 ]}"#)
    #expect(edits == ["model"])
  }

  @Test("keeps the client's suffix of an alias")
  func suffix() throws {
    #expect(try edited(#"{"model":"kimi-k2:free"}"#).body == #"{"model":"moonshotai/kimi-k2:free"}"#)
  }

  @Test("gets the aliases in `models` replaced too, entry by entry")
  func list() throws {
    let (body, edits) = try edited(#"{"models":["kimi-k2", "other/one", "kimi-k2:free", 7]}"#)
    #expect(body == #"{"models":["moonshotai/kimi-k2", "other/one", "moonshotai/kimi-k2:free", 7]}"#)
    #expect(edits == ["models"])
    let both = try edited(#"{"models":["kimi-k2"],"model":"kimi-k2"}"#)
    #expect(both.body == #"{"models":["moonshotai/kimi-k2"],"model":"moonshotai/kimi-k2"}"#)
    #expect(both.edits == ["model", "models"])
  }

  @Test("gets the Kimi defaults where the request is silent")
  func defaults() throws {
    let policy = PolicySnapshot.of(maxTokens: 1024, temperature: "0.60")
    let (body, edits) = try edited(#"{"model":"moonshotai/kimi-k2"}"#, policy: policy)
    #expect(body.hasSuffix(#""model":"moonshotai/kimi-k2"}"#))
    let filled = try envelope(body)
    let bytes = Array(body.utf8)
    #expect(filled.range(of: .temperature).map { String(decoding: bytes[$0], as: UTF8.self) } == "0.60")
    #expect(filled.range(of: .maxTokens).map { String(decoding: bytes[$0], as: UTF8.self) } == "1024")
    #expect(Set(edits) == ["temperature", "max_tokens"])
  }

  @Test(
    "keeps what the request says itself, null included",
    arguments: [
      #"{"model":"moonshotai/kimi-k2","temperature":0.1,"max_tokens":5}"#,
      #"{"model":"moonshotai/kimi-k2","temperature":null,"max_completion_tokens":5}"#,
      #"{"model":"moonshotai/kimi-k2","temperature":0,"max_output_tokens":5}"#,
    ])
  func silent(json: String) throws {
    let (body, edits) = try edited(json, policy: .of(maxTokens: 1024, temperature: "0.6"))
    #expect(body == json)
    #expect(edits == [])
  }

  @Test("names the bound on tokens as its API does")
  func boundsName() throws {
    let json = #"{"model":"moonshotai/kimi-k2"}"#
    let policy = PolicySnapshot.of(maxTokens: 9)
    #expect(try edited(json, path: "/v1/responses", policy: policy).edits == ["max_output_tokens"])
    #expect(try edited(json, path: "/v1/messages", policy: policy).edits == ["max_tokens"])
    #expect(try edited(json, path: "/v1/embeddings", policy: policy).body == json)
  }

  @Test("of another model gets no Kimi default")
  func otherModel() throws {
    let json = #"{"model":"openai/gpt-4o"}"#
    #expect(try edited(json, policy: .of(maxTokens: 9, temperature: "0.6")).body == json)
  }

  @Test("with an alias and defaults is still one valid object with each key once")
  func together() throws {
    let policy = PolicySnapshot.of(maxTokens: 9, temperature: "0.6")
    let (body, edits) = try edited(#"{"model":"kimi-k2","messages":[]}"#, policy: policy)
    let result = try envelope(body)
    #expect(result.model == "moonshotai/kimi-k2")
    #expect(result.range(of: .maxTokens) != nil)
    #expect(result.range(of: .temperature) != nil)
    #expect(edits.first == "model")
    #expect(edits.count == 3)
  }

  @Test("cannot be broken by the id that an alias stands for")
  func hostileID() throws {
    let id = "evil/\"},{\"\\ \u{1}é"
    let policy = PolicySnapshot.of(models: ModelCatalog(kimiModelID: id))
    let (body, _) = try edited(#"{"model":"kimi-k2","n":1}"#, policy: policy)
    #expect(try envelope(body).model == id)
  }
}
