import Testing
import WeirWire

@testable import WeirPolicy

/// A request that went through `RequestPath` up to where it would be sent.
struct Screened {
  let exchange: Exchange
  let refusal: Refusal?
  /// The body that would go upstream.
  let body: String

  init(
    _ json: String, path: String = "/v1/chat/completions", rules: [ContentRule] = [], tokens: [TokenRule] = [],
    tools: [ToolRule] = [], models: ModelCatalog = .builtIn, maxTokens: Int? = nil,
    client: ClientProfile = ClientProfile(name: "alice")
  ) throws {
    let screening = try ScreeningPolicy(rules: rules, tokens: tokens, tools: tools)
    let policy = PolicySnapshot(
      clients: ClientDirectory([ClientDirectory.Client(client, keys: [KeyHash(ofKey: "key-a")])]), models: models,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: models),
      kimiDefaults: PolicySnapshot.KimiDefaults(maxTokens: maxTokens), screening: screening)
    var head = RequestHead(method: "POST", target: path)
    head.apiKey = "key-a"
    let (exchange, opening) = RequestPath.open(head, requestID: "req_1", policy: policy, now: 0)
    var refusal = opening
    do {
      try RequestPath.admit(exchange, head: head, json: json, policy: policy)
    } catch let error as Refusal {
      refusal = error
    }
    self.exchange = exchange
    self.refusal = refusal
    body = exchange.splice.applied(to: json)
  }

  var findings: [String] {
    exchange.screening?.findings.map { "\($0.rule) \($0.action) \($0.place) \($0.count)" } ?? []
  }
}
