import Testing

@testable import WeirPolicy

@Suite("While Kimi models are switched off, a request")
struct DivertKimiTests {
  private func admitted(
    _ json: String, isKimiEnabled: Bool = false, fallbackModel: String = "openai/gpt-4o"
  ) throws -> (exchange: Exchange, body: String) {
    let policy = PolicySnapshot.of(
      isKimiEnabled: isKimiEnabled, fallbackModel: fallbackModel, maxTokens: 9, temperature: "0.6")
    let head = RequestHead(method: "POST", target: "/v1/chat/completions")
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    try RequestPath.admit(exchange, head: head, json: json, policy: policy)
    return (exchange, exchange.splice.applied(to: json))
  }

  @Test(
    "for one goes to the fallback, under whatever name it asked, and gets no Kimi default",
    arguments: ["kimi-k2", "moonshotai/kimi-k2", "Kimi-K2:free", "moonshotai/kimi-k2-thinking", "other/kimi-x"])
  func diverted(asked: String) throws {
    let (exchange, body) = try admitted(#"{"model":"\#(asked)"}"#)
    #expect(exchange.model?.upstreamID == "openai/gpt-4o")
    #expect(exchange.model?.isKimi == false)
    #expect(exchange.fallbackFrom != nil)
    #expect(exchange.askedModel == asked)
    #expect(body == #"{"model":"openai/gpt-4o"}"#)
    #expect(exchange.edits == ["model"])
  }

  @Test("for one is refused where no other model takes its place", arguments: ["", "kimi-k2", "moonshotai/kimi-k2"])
  func refused(fallbackModel: String) {
    #expect(throws: DivertKimi.refusal) {
      try admitted(#"{"model":"kimi-k2"}"#, fallbackModel: fallbackModel)
    }
    #expect(DivertKimi.refusal.code == .modelDisabled)
    #expect(DivertKimi.refusal.status == 503)
  }

  @Test("has the Kimi entries of its list replaced or refused too")
  func list() throws {
    let json = #"{"models":["kimi-k2","a/b"]}"#
    #expect(try admitted(json).body == #"{"models":["openai/gpt-4o","a/b"]}"#)
    #expect(throws: DivertKimi.refusal) { try admitted(json, fallbackModel: "") }
  }

  @Test("for another model goes on as it is")
  func others() throws {
    let (exchange, body) = try admitted(#"{"model":"a/b"}"#, fallbackModel: "")
    #expect(exchange.model?.upstreamID == "a/b")
    #expect(exchange.fallbackFrom == nil)
    #expect(body == #"{"model":"a/b"}"#)
  }

  @Test("goes on as before once they are on again")
  func switchedOn() throws {
    let (exchange, _) = try admitted(#"{"model":"kimi-k2"}"#, isKimiEnabled: true)
    #expect(exchange.model?.upstreamID == "moonshotai/kimi-k2")
    #expect(exchange.fallbackFrom == nil)
  }
}
