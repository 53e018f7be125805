import Testing

@testable import WeirPolicy

@Suite("Rate limits")
struct RateLimiterTests {
  private let second: Int64 = 1_000_000_000

  private func limiter(_ rules: [LimitRule], maximumKeys: Int = 1000) -> RateLimiter {
    var limiter = RateLimiter()
    var id = 0
    limiter.replace(rules, maximumKeys: maximumKeys, nextID: &id)
    return limiter
  }

  private func subject(_ client: String, user: String? = nil, model: String = "a/b") -> CountedSubject {
    CountedSubject(LimitSubject(client: client, user: user, model: model))
  }

  /// Nil when the request went through.
  private func delay(
    _ limiter: inout RateLimiter, _ subject: CountedSubject, input: Int = 0, tokens: Int = 0, now: Int64 = 0
  ) -> RateLimiter.Delay? {
    do throws(RateLimiter.Delay) {
      _ = try limiter.take(subject, inputTokens: input, tokens: tokens, now: now)
      return nil
    } catch { return error }
  }

  private func perMinute(
    _ name: String, _ rate: Int, _ unit: LimitRule.Unit = .requests, burst: Int? = nil,
    per dimensions: Set<LimitScope.Dimension> = [.client], clients: [String] = [], models: [String] = []
  ) -> LimitRule {
    LimitRule(
      name: name, unit: unit, perMinute: rate, burst: burst,
      scope: LimitScope(per: dimensions, clients: clients, models: models.map(ModelPattern.init)))
  }

  @Test("count each combination of a rule's dimensions for itself")
  func dimensions() {
    var limiter = limiter([perMinute("r", 60, burst: 1, per: [.client, .user])])
    #expect(delay(&limiter, subject("a", user: "1")) == nil)
    #expect(delay(&limiter, subject("a", user: "2")) == nil)
    #expect(delay(&limiter, subject("b", user: "1")) == nil)
    #expect(delay(&limiter, subject("a", user: nil)) == nil)
    #expect(delay(&limiter, subject("a", user: "")) == nil)
    #expect(delay(&limiter, subject("a", user: "1", model: "c"))?.wait == second)
    #expect(delay(&limiter, subject("a", user: nil))?.wait == second)
    #expect(limiter.count == 5)
  }

  @Test("keep one count for all where a rule has no dimension")
  func global() {
    var limiter = limiter([perMinute("r", 60, burst: 1, per: [])])
    #expect(delay(&limiter, subject("a")) == nil)
    #expect(delay(&limiter, subject("b", user: "x", model: "c"))?.rule.name == "r")
  }

  @Test("leave clients and models alone that a rule does not name")
  func scopes() {
    var limiter = limiter([perMinute("r", 60, burst: 1, clients: ["a"], models: ["moonshotai/*", "*:free"])])
    for _ in 0..<3 {
      #expect(delay(&limiter, subject("b", model: "moonshotai/kimi-k2")) == nil)
      #expect(delay(&limiter, subject("a", model: "openai/gpt-4")) == nil)
    }
    #expect(delay(&limiter, subject("a", model: "Moonshotai/Kimi-K2:online")) == nil)
    #expect(delay(&limiter, subject("a", model: "openai/gpt-4:free")) != nil)
  }

  @Test("see one model through every letter case and suffix of its name")
  func modelNames() {
    var limiter = limiter([perMinute("r", 60, burst: 1, per: [.model])])
    #expect(delay(&limiter, subject("a", model: "moonshotai/kimi-k2")) == nil)
    #expect(delay(&limiter, subject("a", model: "MoonshotAI/Kimi-K2:nitro")) != nil)
    #expect(delay(&limiter, subject("a", model: "moonshotai/kimi-k2.5")) == nil)
  }

  @Test("take from all rules or from none, and name the one that takes longest")
  func allOrNothing() throws {
    var limiter = limiter([
      perMinute("quick", 600, burst: 1, per: [.client]), perMinute("slow", 6, burst: 2, per: []),
      perMinute("tokens", 60, .tokens, burst: 100),
    ])
    #expect(delay(&limiter, subject("a"), input: 10, tokens: 20) == nil)
    // `quick` lets this client wait; the other two must not be charged for it.
    for _ in 0..<5 { #expect(delay(&limiter, subject("a"), input: 10, tokens: 20)?.rule.name == "quick") }
    let (_, view) = try limiter.take(subject("b"), inputTokens: 10, tokens: 20, now: 0)
    #expect(view.requests == RateLimitView.Part(limit: 2, remaining: 0, reset: 20 * second))
    #expect(view.tokens == RateLimitView.Part(limit: 100, remaining: 80, reset: 20 * second))
    let refusal = delay(&limiter, subject("b"), input: 10, tokens: 20)
    let refused = try #require(refusal)
    #expect(refused.rule.name == "slow")
    #expect(refused.wait == 10 * second)
    #expect(refused.view.tokens?.remaining == 80)
    // A new client is not counted for a request that another rule refuses.
    #expect(delay(&limiter, subject("c"), input: 1, tokens: 1)?.rule.name == "slow")
    #expect(limiter.count == 5)
  }

  @Test("refuse input that is over the burst for good, but not expected output that is")
  func oversized() throws {
    var limiter = limiter([perMinute("tokens", 60, .tokens, burst: 100)])
    let refusal = delay(&limiter, subject("a"), input: 101, tokens: 101)
    let refused = try #require(refusal)
    #expect(refused.wait == nil)
    #expect(refused.amount == 101)
    #expect(refused.view.tokens?.remaining == 100)
    let (charges, view) = try limiter.take(subject("a"), inputTokens: 40, tokens: 552, now: 0)
    #expect(charges.map(\.amount) == [100])
    #expect(view.tokens?.remaining == 0)
  }

  @Test("give tokens back that were not used, charge those that were not expected, and keep the request counted")
  func reconcile() throws {
    var limiter = limiter([perMinute("r", 60), perMinute("t", 60, .tokens, burst: 1000)])
    func left(_ limiter: inout RateLimiter) throws -> (requests: Int?, tokens: Int?) {
      let (charges, view) = try limiter.take(subject("a"), inputTokens: 0, tokens: 0, now: 0)
      #expect(charges.count == 2)
      return (view.requests?.remaining, view.tokens?.remaining)
    }
    let first = try limiter.take(subject("a"), inputTokens: 100, tokens: 400, now: 0)
    limiter.settle(first.charges, tokens: 150, now: 0)
    var now = try left(&limiter)
    #expect(now == (58, 850))
    let second = try limiter.take(subject("a"), inputTokens: 100, tokens: 400, now: 0)
    limiter.settle(second.charges, tokens: 700, now: 0)
    now = try left(&limiter)
    #expect(now == (56, 150))
    let third = try limiter.take(subject("a"), inputTokens: 100, tokens: 150, now: 0)
    limiter.release(third.charges)
    now = try left(&limiter)
    #expect(now == (54, 150))
  }

  @Test("stay bounded under a million users, and none of them frees a key that is over its limit")
  func flood() {
    var random = SplitMix64(seed: 9)
    var limiter = limiter([perMinute("r", 1, burst: 2, per: [.user])], maximumKeys: 1000)
    let over = (0..<100).map { subject("c", user: "over \($0)") }
    for _ in 0..<2 { for user in over { #expect(delay(&limiter, user) == nil) } }
    var now: Int64 = 0
    for step in 0..<1_000_000 {
      now += 50_000
      _ = delay(&limiter, subject("c", user: String(random.next(), radix: 36)), now: now)
      if step % 1000 == 0 {
        #expect(delay(&limiter, over[step / 1000 % 100], now: now) != nil)
        #expect(limiter.count <= 1000)
      }
    }
    #expect(now < 60 * second)
    #expect(limiter.count == 1000)
    for user in over { #expect(delay(&limiter, user, now: now) != nil) }
    for user in over { #expect(delay(&limiter, user, now: 60 * second) == nil) }
  }

  @Test("count further keys together while every key that is kept is over its limit")
  func overflow() throws {
    var limiter = limiter([perMinute("r", 60, burst: 2, per: [.user])], maximumKeys: 3)
    for user in ["a", "b", "c"] {
      for _ in 0..<2 { #expect(delay(&limiter, subject("c", user: user)) == nil) }
    }
    #expect(delay(&limiter, subject("c", user: "d")) == nil)
    #expect(delay(&limiter, subject("c", user: "e")) == nil)
    let refusal = delay(&limiter, subject("c", user: "f"))
    let refused = try #require(refusal)
    #expect(refused.wait == second)
    for user in ["a", "b", "c"] { #expect(delay(&limiter, subject("c", user: user)) != nil) }
    #expect(limiter.count == 3)
    // Once the others have drained there is room again.
    for _ in 0..<4 { _ = delay(&limiter, subject("c", user: "a"), now: 10 * second) }
    #expect(delay(&limiter, subject("c", user: "g"), now: 10 * second) == nil)
    #expect(delay(&limiter, subject("c", user: "h"), now: 10 * second) == nil)
    #expect(limiter.count == 3)
  }

  @Test("keep no key of a request that the shared count refuses")
  func overflowRefusal() {
    var limiter = limiter(
      [perMinute("wide", 60, burst: 50, per: [.user]), perMinute("narrow", 60, burst: 1, per: [.user])],
      maximumKeys: 2)
    #expect(delay(&limiter, subject("c", user: "a")) == nil)
    #expect(delay(&limiter, subject("c", user: "b")) == nil)
    #expect(limiter.count == 2)
    #expect(delay(&limiter, subject("c", user: "d"))?.rule.name == "narrow")
    #expect(limiter.count == 1)
  }

  @Test("keep a client's own apart from the rules' one of the same name for that client, over reloads too")
  func namesakes() {
    let ruled = perMinute("rpm", 1, burst: 3, clients: ["a"])
    var own = perMinute("rpm", 1, burst: 2, clients: ["a"])
    own.scope.isClientsOwn = true
    var limiter = RateLimiter()
    var id = 0
    for _ in 0..<2 { limiter.replace([ruled, own], maximumKeys: 10, nextID: &id) }
    #expect(delay(&limiter, subject("a")) == nil)
    #expect(delay(&limiter, subject("a")) == nil)
    #expect(delay(&limiter, subject("a"))?.rule.burst == 2)
    limiter.replace([ruled], maximumKeys: 10, nextID: &id)
    #expect(delay(&limiter, subject("a")) == nil, "the third of the rules' count")
    #expect(delay(&limiter, subject("a"))?.rule.burst == 3)
  }

  @Test("keep their counts over a reload where name, unit and scope stay, and start anew otherwise")
  func reload() throws {
    var limiter = RateLimiter()
    var id = 0
    let kept = perMinute("kept", 60, burst: 10)
    limiter.replace([kept, perMinute("gone", 60, burst: 10)], maximumKeys: 10, nextID: &id)
    for _ in 0..<6 { #expect(delay(&limiter, subject("a"), now: second) == nil) }
    let old = try limiter.take(subject("a"), inputTokens: 0, tokens: 0, now: second)
    var changed = kept
    changed.burst = 20
    limiter.replace(
      [perMinute("gone", 60, burst: 10, per: [.model]), changed], maximumKeys: 10, nextID: &id)
    #expect(limiter.count == 1)
    limiter.release(old.charges)
    let (_, view) = try limiter.take(subject("a"), inputTokens: 0, tokens: 0, now: second)
    #expect(view.requests == RateLimitView.Part(limit: 10, remaining: 9, reset: second))
    limiter.replace([changed], maximumKeys: 10, nextID: &id)
    let (_, later) = try limiter.take(subject("a"), inputTokens: 0, tokens: 0, now: second)
    #expect(later.requests?.remaining == 11)
  }
}
