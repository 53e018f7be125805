import Testing

@testable import WeirPolicy

@Suite("A kept reply's attempt")
struct EarlierAttemptTests {
  @Test("is what the record tells of again, whatever a later attempt wrote into it")
  func restored() {
    let exchange = Exchange.planned("a/one", "a/two")
    exchange.upstream = "u0"
    exchange.status = 429
    exchange.repliesAsStream = false
    exchange.edits = ["model"]
    let earlier = EarlierAttempt(exchange)
    let model = exchange.model

    AimAtTarget.aim(exchange, at: 1)
    exchange.upstream = "u1"
    exchange.status = 502
    exchange.repliesAsStream = true
    exchange.edits = ["model", "max_tokens"]
    exchange.warnings = ["something is gone"]
    exchange.hidesStreamUsage = true
    exchange.fallbackFrom = "a/one"
    exchange.fallbackReason = .contextLength
    #expect(exchange.model != model)

    RequestPath.returns(exchange, to: earlier, now: 7)
    #expect(exchange.upstream == "u0" && exchange.status == 429 && exchange.repliedAt == 7)
    #expect(exchange.repliesAsStream == false)
    #expect(exchange.model == model && exchange.sentModel == "a/one")
    #expect(exchange.edits == ["model"] && exchange.warnings.isEmpty && !exchange.hidesStreamUsage)
    #expect(exchange.fallbackFrom == nil && exchange.fallbackReason == nil)
  }

  @Test("is no fallback from its own model, although the step to the next model is noted already")
  func noted() {
    let exchange = Exchange.planned("a/one", "a/two")
    exchange.status = 500
    exchange.fallbackFrom = exchange.model?.upstreamID
    exchange.fallbackReason = .contextLength
    let earlier = EarlierAttempt(exchange)
    RequestPath.returns(exchange, to: earlier, now: 7)
    #expect(exchange.fallbackFrom == nil && exchange.fallbackReason == nil)
  }
}
