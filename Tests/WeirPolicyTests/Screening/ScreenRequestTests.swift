import Testing
import WeirWire

@testable import WeirPolicy

@Suite("Screening a request")
struct ScreenRequestTests {
  private let rule = ContentRule(name: "plans", content: .pattern("Overlord"), action: .block)
  private let blocked = #"{"model":"openai/gpt-4-turbo","messages":[{"role":"user","content":"Overlord"}]}"#

  private func policy(_ screening: ScreeningPolicy, limits: LimitPolicy = .none) -> PolicySnapshot {
    PolicySnapshot(
      clients: ClientDirectory(), models: .builtIn,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: .builtIn), limits: limits,
      screening: screening)
  }

  @Test("comes before limits are taken")
  func order() throws {
    let limit = LimitRule(name: "one", unit: .requests, perMinute: 1, scope: LimitScope(per: []))
    let policy = policy(try ScreeningPolicy(rules: [rule]), limits: LimitPolicy(rates: [limit]))
    let shared = SharedPolicy(policy)
    let head = RequestHead(method: "POST", target: "/v1/chat/completions")
    for _ in 0..<3 {
      let exchange = Exchange.opened(policy: policy)
      #expect(throws: Refusal.self) {
        try RequestPath.admit(exchange, head: head, json: blocked, policy: policy, shared: shared)
      }
      #expect(exchange.screening?.findings.map(\.rule) == ["plans"])
      #expect(exchange.rateLimits.requests == nil)
    }
    let exchange = Exchange.opened(policy: policy)
    try RequestPath.admit(
      exchange, head: head, json: #"{"model":"openai/gpt-4-turbo","messages":[]}"#, policy: policy, shared: shared)
    #expect(exchange.rateLimits.requests?.remaining == 0)
  }

  @Test("is the same at each attempt, whatever the target")
  func attempts() throws {
    let rules = [ContentRule(name: "plans", content: .pattern("Overlord"), action: .redact)]
    let policy = policy(try ScreeningPolicy(rules: rules, tokens: [TokenRule(maximumOutput: 5, absent: .cap)]))
    let exchange = Exchange.opened(policy: policy)
    let head = RequestHead(method: "POST", target: "/v1/chat/completions")
    try RequestPath.admit(exchange, head: head, json: blocked, policy: policy)
    let first = exchange.splice.applied(to: blocked)
    #expect(first.contains("[REDACTED:plans]") && first.contains(#""max_tokens":5"#))
    let bytes = Array(blocked.utf8)
    let envelope = try envelope(blocked, finding: policy.bodyRules.memberNames)
    try RequestPath.aim(exchange, at: 0, envelope: envelope, policy: policy) {
      String(decoding: bytes[$0], as: UTF8.self)
    }
    #expect(exchange.splice.applied(to: blocked) == first)
    #expect(exchange.edits == ["redacted", "max_tokens"])
    #expect(exchange.screening?.findings.map(\.count) == [1, 1])
  }

  @Test("refuses bodies that are not read where that is set")
  func unread() throws {
    var head = RequestHead(method: "POST", target: "/v1/files")
    func refused(_ unread: ScreeningPolicy.Unread) throws -> ErrorCode? {
      let policy = policy(try ScreeningPolicy(unread: unread))
      let exchange = Exchange.opened("/v1/files", policy: policy)
      return refusal { () throws(Refusal) in
        _ = try RequestPath.admitUnread(
          exchange, head: head, policy: policy, shared: SharedPolicy(policy), now: 0, wall: 0)
      }?.code
    }
    #expect(try refused(.refuse) == nil)
    head.hasBody = true
    #expect(try refused(.refuse) == .contentBlocked)
    #expect(try refused(.pass) == nil)
  }
}
