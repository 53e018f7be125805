import Testing
import WeirWire

@testable import WeirPolicy

@Suite("Asking for the usage of a stream")
struct AskStreamUsageTests {
  private func policy(needs: Bool = true, catalog: ModelCatalog? = nil) -> PolicySnapshot {
    let base = PolicySnapshot.of()
    return PolicySnapshot(
      clients: base.clients, models: catalog ?? base.models, killSwitch: base.killSwitch,
      upstreams: [UpstreamRoute(id: "default", name: "up", needsUsageAsked: needs)])
  }

  /// The body as it goes upstream, and the record.
  private func sent(
    _ json: String, path: String = "/v1/chat/completions", needs: Bool = true
  ) throws -> (body: String, exchange: Exchange) {
    let policy = policy(needs: needs)
    let head = RequestHead(method: "POST", target: path)
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    try RequestPath.admit(exchange, head: head, json: json, policy: policy)
    var body: [UInt8] = []
    let bytes = Array(json.utf8)
    exchange.splice.forEachPiece(of: bytes.count) { piece in
      switch piece {
      case .original(let range): body += bytes[range]
      case .new(let text): body += text.utf8
      }
    }
    return (String(decoding: body, as: UTF8.self), exchange)
  }

  @Test(
    "adds the option where the client lacks it, and keeps all else",
    arguments: [
      (#"{"model":"m","stream":true}"#, #"{"stream_options":{"include_usage":true},"model":"m","stream":true}"#),
      (
        #"{"model":"m","stream":true,"stream_options":{"x":1}}"#,
        #"{"model":"m","stream":true,"stream_options":{"include_usage":true,"x":1}}"#
      ),
      (
        #"{"model":"m","stream":true,"stream_options":{ }}"#,
        #"{"model":"m","stream":true,"stream_options":{"include_usage":true }}"#
      ),
      (
        #"{"model":"m","stream":true,"stream_options":null}"#,
        #"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#
      ),
      (
        #"{"model":"m","stream":true,"stream_options":{"include_usage" : false}}"#,
        #"{"model":"m","stream":true,"stream_options":{"include_usage" : true}}"#
      ),
    ])
  func added(json: String, expected: String) throws {
    for path in ["/v1/chat/completions", "/v1/completions"] {
      let (body, exchange) = try sent(json, path: path)
      #expect(body == expected)
      #expect(exchange.edits == ["stream_options"])
      #expect(exchange.hidesStreamUsage && exchange.editsReply)
      #expect(exchange.replyFingerprint == ["usage"])
    }
  }

  @Test("leaves every other request as it is")
  func left() throws {
    let asked = #"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#
    for (json, path, needs) in [
      (asked, "/v1/chat/completions", true), (#"{"model":"m","stream":false}"#, "/v1/chat/completions", true),
      (#"{"model":"m","stream":true}"#, "/v1/messages", true), (#"{"model":"m","stream":true}"#, "/v1/responses", true),
      (#"{"model":"m","stream":true,"stream_options":7}"#, "/v1/chat/completions", true),
      (#"{"model":"m","stream":true}"#, "/v1/chat/completions", false),
    ] {
      let (body, exchange) = try sent(json, path: path, needs: needs)
      #expect(body == json)
      #expect(exchange.edits.isEmpty && !exchange.editsReply)
      #expect(exchange.replyRules == nil && exchange.replyFingerprint.isEmpty)
    }
  }

  @Test("rules for tools stand in the fingerprint beside it")
  func fingerprint() throws {
    let (_, exchange) = try sent(#"{"model":"m","stream":true}"#)
    exchange.toolPermissions = ToolPermissions(deny: [ModelPattern("shell")], onReply: .strip)
    #expect(exchange.replyFingerprint == ["usage", "strip", "-shell"])
    let rules = try #require(exchange.replyRules)
    #expect(rules.hidesUsage && rules.tools?.refuses == false)
    #expect(rules.tools?.allows(["shell"]) == false && rules.tools?.allows(["other"]) == true)
    exchange.toolPermissions = ToolPermissions(deny: [ModelPattern("shell")])
    #expect(exchange.replyRules?.tools == nil)
  }
}
