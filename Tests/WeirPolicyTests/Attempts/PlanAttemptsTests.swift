import Testing

@testable import WeirPolicy

@Suite("Where a request may go")
struct PlanAttemptsTests {
  private static let main = UpstreamRoute(id: UpstreamRoute.defaultID, name: "openrouter.ai")
  private static let moonshot = UpstreamRoute(
    id: "moonshot", name: "moonshot", modelNames: ["moonshotai/kimi-k2": "kimi-k2.5"], backsKimi: true)
  private static let local = UpstreamRoute(id: "local", name: "local")

  private func policy(
    upstreams: [UpstreamRoute] = [main, moonshot, local], additions: [CatalogModel] = [],
    fallbacks: [String: [String]] = [:], access: ModelAccess = ModelAccess(), isKimiEnabled: Bool = true,
    kimiFallback: String = ""
  ) -> PolicySnapshot {
    let models = ModelCatalog(kimiModelID: ModelCatalog.defaultKimiModelID, additions: additions)
    var resilience = ResiliencePolicy()
    resilience.fallbacks = fallbacks
    return PolicySnapshot(
      clients: ClientDirectory([]), models: models, access: access,
      killSwitch: KillSwitch(isKimiEnabled: isKimiEnabled, fallbackModel: kimiFallback, catalog: models),
      upstreams: upstreams, resilience: resilience)
  }

  /// `upstream/model as sent`, with a star for fallbacks.
  private func plan(_ model: String?, _ policy: PolicySnapshot) -> [String] {
    PlanAttempts.plan(model.map(policy.models.resolve), policy: policy).targets.map {
      "\($0.key.upstream)|\($0.key.model)\($0.isFallback ? "*" : "")"
    }
  }

  @Test("is the default upstream alone for a model that says nothing else, listed or not")
  func standard() {
    #expect(plan("openai/gpt-4o", policy()) == ["openrouter.ai|openai/gpt-4o"])
    #expect(plan("some/model:free", policy()) == ["openrouter.ai|some/model:free"])
    #expect(plan("openai/gpt-4o", policy(upstreams: [Self.local, Self.main])) == ["openrouter.ai|openai/gpt-4o"])
  }

  @Test("is the default upstream alone for a request that names no model")
  func noModel() {
    #expect(plan(nil, policy(kimiFallback: "openai/gpt-4o")) == ["openrouter.ai|"])
    #expect(PlanAttempts.plan(nil, policy: policy()).targets.map(\.model) == [nil])
  }

  @Test("is somewhere even where the configuration has no upstream, or none that is the default")
  func noUpstream() {
    #expect(plan("a/b", policy(upstreams: [])) == ["default|a/b"])
    #expect(plan(nil, policy(upstreams: [])) == ["default|"])
    #expect(plan("a/b", policy(upstreams: [Self.local])) == ["local|a/b"])
  }

  @Test("has the upstream that backs Kimi after the default one, by its own names, listed or not")
  func kimi() {
    #expect(plan("kimi-k2", policy()) == ["openrouter.ai|moonshotai/kimi-k2", "moonshot|kimi-k2.5"])
    #expect(plan("x/kimi-new", policy()) == ["openrouter.ai|x/kimi-new", "moonshot|x/kimi-new"])
    #expect(plan("kimi-k2", policy(upstreams: [Self.main])) == ["openrouter.ai|moonshotai/kimi-k2"])
  }

  @Test("is what the catalog says where it names upstreams, each once, and nothing it does not know")
  func named() {
    let model = CatalogModel(id: "my/kimi-own", upstreams: ["local", "nowhere", "local", "default"])
    #expect(plan("my/kimi-own", policy(additions: [model])) == ["local|my/kimi-own", "openrouter.ai|my/kimi-own"])
    let lost = CatalogModel(id: "my/lost", upstreams: ["nowhere"])
    #expect(plan("my/lost", policy(additions: [lost])) == ["openrouter.ai|my/lost"])
  }

  @Test("goes on with the model's fallbacks in order, each with its own upstreams")
  func fallbacks() {
    let own = CatalogModel(id: "my/own", contextWindow: 7, upstreams: ["local", "default"])
    let policy = policy(
      additions: [own], fallbacks: ["openai/gpt-4o": ["my/own", "kimi-k2"]])
    #expect(
      plan("openai/gpt-4o", policy) == [
        "openrouter.ai|openai/gpt-4o", "local|my/own*", "openrouter.ai|my/own*", "openrouter.ai|moonshotai/kimi-k2*",
        "moonshot|kimi-k2.5*",
      ])
    #expect(plan("openai/gpt-4o:nitro", policy).count == 5)
    let targets = PlanAttempts.plan(policy.models.resolve("openai/gpt-4o"), policy: policy).targets
    #expect(targets[1].contextWindow == 7)
    #expect(targets[0].contextWindow == policy.models.model(id: "openai/gpt-4o")?.contextWindow)
    #expect(targets[0].contextWindow != nil)
    #expect(targets.dropFirst().allSatisfy { $0.model?.wasRewritten == true })
    #expect(targets.map(\.upstream) == [0, 2, 0, 0, 1])
  }

  @Test("ends with KIMI_FALLBACK_MODEL for a Kimi model, unless the configuration lists others, or lists none")
  func kimiFallback() {
    let kimi = ["openrouter.ai|moonshotai/kimi-k2", "moonshot|kimi-k2.5"]
    #expect(plan("kimi-k2", policy(kimiFallback: "openai/gpt-4o")) == kimi + ["openrouter.ai|openai/gpt-4o*"])
    #expect(plan("x/kimi-new", policy(kimiFallback: "openai/gpt-4o")).last == "openrouter.ai|openai/gpt-4o*")
    #expect(plan("openai/gpt-4o", policy(kimiFallback: "openai/gpt-4-turbo")) == ["openrouter.ai|openai/gpt-4o"])
    let listed = policy(fallbacks: ["moonshotai/kimi-k2": ["a/b"]], kimiFallback: "openai/gpt-4o")
    #expect(plan("kimi-k2", listed) == kimi + ["openrouter.ai|a/b*"])
    let none = policy(fallbacks: ["moonshotai/kimi-k2": []], kimiFallback: "openai/gpt-4o")
    #expect(plan("kimi-k2", none) == kimi)
  }

  @Test("never has a Kimi model as a fallback while these are switched off")
  func killSwitch() {
    let off = policy(
      fallbacks: ["openai/gpt-4o": ["kimi-k2", "a/b"]], isKimiEnabled: false, kimiFallback: "openai/gpt-4-turbo")
    #expect(plan("openai/gpt-4o", off) == ["openrouter.ai|openai/gpt-4o", "openrouter.ai|a/b*"])
  }

  @Test("never has a fallback that may not be asked for")
  func access() {
    let closed = policy(
      fallbacks: ["openai/gpt-4o": ["a/b", "c/d"]], access: ModelAccess(deny: [ModelPattern("a/*")]),
      kimiFallback: "a/c")
    #expect(plan("openai/gpt-4o", closed) == ["openrouter.ai|openai/gpt-4o", "openrouter.ai|c/d*"])
    #expect(plan("x/kimi-new", closed).allSatisfy { !$0.hasSuffix("*") })
  }

  @Test("names the model as it was resolved, however it was asked for")
  func resolved() {
    let policy = policy(kimiFallback: "openai/gpt-4o")
    let names = ["kimi-k2", "moonshotai/kimi-k2", "Moonshotai/Kimi-K2", "kimi-k2:free", "gpt-4", "openai/gpt-4", "x/y"]
    for asked in names {
      let model = policy.models.resolve(asked)
      let plan = PlanAttempts.plan(model, policy: policy)
      #expect(plan.targets.first?.model == model)
      #expect(plan.targets.first?.key.model == model.upstreamID)
      #expect(plan == policy.attemptRoutes.entry(of: model).plan(model, upstreams: policy.upstreams))
    }
  }

  @Test("has no place twice")
  func duplicates() {
    let twice = policy(fallbacks: ["openai/gpt-4o": ["openai/gpt-4o", "a/b", "A/B", "a/b"]])
    #expect(plan("openai/gpt-4o", twice) == ["openrouter.ai|openai/gpt-4o", "openrouter.ai|a/b*"])
  }
}
