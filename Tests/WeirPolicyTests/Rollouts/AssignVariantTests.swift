import Testing
import WeirWire

@testable import WeirPolicy

@Suite("A request for a model that a rollout is about")
struct AssignVariantTests {
  private func policy(
    hundredths: Int, isKimiEnabled: Bool = true, allowsOverride: Bool = true
  ) throws -> PolicySnapshot {
    let catalog = ModelCatalog.builtIn
    let rollout = try Rollout(
      name: "kimi", from: ["openai/gpt-4o"],
      variants: [RolloutVariant(name: "kimi", model: "moonshotai/kimi-k2", share: hundredths)],
      allowsOverride: allowsOverride)
    return PolicySnapshot(
      clients: ClientDirectory(), models: catalog,
      rollouts: try RolloutTable([rollout], catalog: catalog, isKimiEnabled: isKimiEnabled),
      killSwitch: KillSwitch(isKimiEnabled: isKimiEnabled, fallbackModel: "a/b", catalog: catalog))
  }

  private func admitted(
    _ json: String, _ policy: PolicySnapshot, random: UInt64 = 0, variant: String? = nil
  ) throws -> Exchange {
    var head = RequestHead(method: "POST", target: "/v1/chat/completions")
    head.weirVariant = variant
    let (exchange, _) = RequestPath.open(head, requestID: "r", policy: policy, now: 0)
    try RequestPath.admit(
      exchange, head: head, envelope: envelope(json), policy: policy, random: random, now: 0)
    return exchange
  }

  private static let asked = #"{"model":"openai/gpt-4o","user":"alice"}"#

  @Test("goes to its variant, says so, and the body names that model")
  func moved() throws {
    let exchange = try admitted(Self.asked, policy(hundredths: 10_000))
    #expect(exchange.model?.upstreamID == "moonshotai/kimi-k2")
    #expect(exchange.assignment?.headerValue == "kimi=kimi")
    #expect(exchange.askedModel == "openai/gpt-4o")
    #expect(exchange.edits == ["model"])
    #expect(exchange.splice.applied(to: Self.asked) == #"{"model":"moonshotai/kimi-k2","user":"alice"}"#)
  }

  @Test("stays where it was for those who are not moved, byte by byte")
  func stays() throws {
    let exchange = try admitted(Self.asked, policy(hundredths: 0))
    #expect(exchange.model?.upstreamID == "openai/gpt-4o")
    #expect(exchange.assignment?.variant == RolloutAssignment.incumbent)
    #expect(exchange.splice.isEmpty)
  }

  @Test("depends on the user alone, whatever the random number; without a user on that number")
  func sticky() throws {
    let half = try policy(hundredths: 5000)
    let numbers = stride(from: UInt64.min, to: .max, by: 1 << 58)
    let known = try Set(numbers.map { try admitted(Self.asked, half, random: $0).model?.upstreamID })
    #expect(known.count == 1)
    let unknown = try Set(
      numbers.map { try admitted(#"{"model":"openai/gpt-4o"}"#, half, random: $0).model?.upstreamID })
    #expect(unknown == ["openai/gpt-4o", "moonshotai/kimi-k2"])
  }

  @Test("may choose its variant by header, where the rollout allows that")
  func override() throws {
    #expect(
      try admitted(Self.asked, policy(hundredths: 0), variant: "kimi").model?.upstreamID == "moonshotai/kimi-k2")
    #expect(
      try admitted(Self.asked, policy(hundredths: 10_000), variant: "incumbent").model?.upstreamID == "openai/gpt-4o")
  }

  @Test("may not choose where the rollout does not allow it")
  func noOverride() throws {
    let exchange = try admitted(Self.asked, policy(hundredths: 0, allowsOverride: false), variant: "kimi")
    #expect(exchange.model?.upstreamID == "openai/gpt-4o")
  }

  @Test("does not reach a Kimi model while these are switched off")
  func switchedOff() throws {
    for variant in [nil, "kimi"] {
      let exchange = try admitted(
        Self.asked, policy(hundredths: 10_000, isKimiEnabled: false), variant: variant)
      #expect(exchange.model?.isKimi == false)
    }
  }

  @Test("is the only one that a rollout touches", arguments: ["a/b", "kimi-k2", "openai/gpt-4o-mini"])
  func others(asked: String) throws {
    let exchange = try admitted(#"{"model":"\#(asked)"}"#, policy(hundredths: 10_000))
    #expect(exchange.assignment == nil)
  }
}
