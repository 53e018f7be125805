import Testing
import WeirPolicy
import WeirWire

private func decide(
  _ policy: CachePolicy = CachePolicy(), endpoint: Endpoint = .chatCompletions, model: String? = "openai/gpt-4o",
  temperature: String? = nil, changesUpstream: Bool = false, control: String = "", ttl: String? = nil
) throws -> CacheDecision {
  try LookUpCache.decide(
    LookUpCache.Question(
      endpoint: endpoint, model: model, temperature: temperature, changesUpstream: changesUpstream,
      directives: CacheDirectives.read(cacheControl: [control], timeToLive: ttl)),
    policy: policy)
}

/// The decision of a request that uses the cache.
private func use(_ decision: CacheDecision) throws -> CacheUse {
  guard case .use(let use) = decision else { throw Bypassed(decision: decision) }
  return use
}

private struct Bypassed: Error { let decision: CacheDecision }

@Suite("Whether a request uses the cache")
struct LookUpCacheTests {
  @Test("it does by default, for as long as the configuration says")
  func usual() throws {
    let usual = try use(decide())
    #expect(usual.mayRead && !usual.onlyIfCached)
    #expect(usual.timeToLiveSeconds == 300 && usual.maximumAgeSeconds == 300)
  }

  @Test("it does not where the configuration leaves it out")
  func configured() throws {
    #expect(try decide(.off) == .bypass(.off))
    #expect(try decide(CachePolicy(maximumBytes: 0)) == .bypass(.off))
    #expect(try decide(endpoint: .models) == .bypass(.endpoint))
    #expect(try decide(CachePolicy(endpoints: [.embeddings])) == .bypass(.endpoint))
  }

  @Test("the first model that fits says for how long, and 0 leaves it out")
  func models() throws {
    let policy = CachePolicy(models: [
      .init(pattern: ModelPattern("openai/gpt-4o"), timeToLive: 60),
      .init(pattern: ModelPattern("openai/*"), timeToLive: 0),
    ])
    #expect(try use(decide(policy, model: "OpenAI/GPT-4o")).timeToLiveSeconds == 60)
    #expect(try decide(policy, model: "openai/o3") == .bypass(.model))
    #expect(try use(decide(policy, model: "moonshotai/kimi-k2")).timeToLiveSeconds == 300)
    #expect(try use(decide(policy, model: nil)).timeToLiveSeconds == 300)
    #expect(try decide(policy, model: "openai/o3", ttl: "60") == .bypass(.model))
  }

  @Test(
    "above a temperature it does not; without one it is taken as 1, and what is no number as too hot",
    arguments: [
      ("0", 0.5, true), ("0.5", 0.5, true), ("5e-1", 0.5, true), ("0.51", 0.5, false), ("1e400", 0.5, false),
      (nil, 0.5, false), (nil, 1, true), ("null", 0.5, false), ("\"0\"", 0.5, false), ("{}", 2, false),
      ("-0", 0, true),
    ] as [(String?, Double, Bool)])
  func temperature(text: String?, bound: Double, isUsed: Bool) throws {
    let decision = try decide(CachePolicy(maximumTemperature: bound), temperature: text)
    #expect((decision == .bypass(.temperature)) == !isUsed)
    let embeddings = try decide(CachePolicy(maximumTemperature: bound), endpoint: .embeddings, temperature: text)
    #expect(embeddings != .bypass(.temperature))
  }

  @Test("what changes what the upstream keeps does not, whatever it says")
  func upstreamState() throws {
    #expect(try decide(endpoint: .responses, changesUpstream: true) == .bypass(.upstreamState))
    #expect(try decide(endpoint: .responses, changesUpstream: true, ttl: "60") == .bypass(.upstreamState))
    #expect(throws: LookUpCache.notKept) {
      try decide(endpoint: .responses, changesUpstream: true, control: "only-if-cached")
    }
  }

  @Test("it says so itself")
  func directives() throws {
    #expect(try decide(control: "no-store") == .bypass(.noStore))
    #expect(try decide(ttl: "0") == .bypass(.timeToLive))
    let fresh = try use(decide(control: "no-cache"))
    #expect(!fresh.mayRead && fresh.timeToLiveSeconds == 300)
    #expect(try use(decide(control: "max-age=0")).mayRead == false)
    #expect(try use(decide(control: "max-age=-1")).mayRead == false)
    let young = try use(decide(control: "max-age=10"))
    #expect(young.mayRead && young.maximumAgeSeconds == 10 && young.timeToLiveSeconds == 300)
    #expect(try use(decide(control: "max-age=3600")).maximumAgeSeconds == 300)
    let long = try use(decide(ttl: "3600"))
    #expect(long.timeToLiveSeconds == 3600 && long.maximumAgeSeconds == 3600)
    #expect(try use(decide(control: "max-age=10", ttl: "3600")).maximumAgeSeconds == 10)
  }

  @Test("one that wants a kept reply only is refused with 504 where it cannot have one")
  func onlyIfCached() throws {
    #expect(try use(decide(control: "only-if-cached")).onlyIfCached)
    for control in ["only-if-cached, no-cache", "only-if-cached, no-store", "only-if-cached, max-age=0"] {
      let refusal = #expect(throws: Refusal.self) { try decide(control: control) }
      #expect(refusal?.status == 504)
    }
    #expect(throws: LookUpCache.notKept) { try decide(.off, control: "only-if-cached") }
  }
}
