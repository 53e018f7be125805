import Testing
import WeirPolicy

@Suite("What a model name means")
struct ModelCatalogTests {
  private let catalog = ModelCatalog.builtIn

  @Test(
    "rewrites the alias and other letter cases, and keeps suffixes",
    arguments: [
      ("kimi-k2", "moonshotai/kimi-k2"), ("Kimi-K2", "moonshotai/kimi-k2"), ("KIMI-K2", "moonshotai/kimi-k2"),
      ("MoonshotAI/Kimi-K2", "moonshotai/kimi-k2"), ("kimi-k2:free", "moonshotai/kimi-k2:free"),
      ("Kimi-K2:Nitro", "moonshotai/kimi-k2:Nitro"),
      ("MOONSHOTAI/kimi-k2:online", "moonshotai/kimi-k2:online"),
      ("OpenAI/GPT-4", "openai/gpt-4"), ("Anthropic/Claude-3-Opus:floor", "anthropic/claude-3-opus:floor"),
    ])
  func rewritten(asked: String, sent: String) {
    let model = catalog.resolve(asked)
    #expect(model.upstreamID == sent)
    #expect(model.wasRewritten)
    #expect(model.isKnown)
  }

  @Test(
    "leaves listed names and short spellings as the client wrote them",
    arguments: [
      "moonshotai/kimi-k2", "moonshotai/kimi-k2:free", "moonshotai/kimi-k2-thinking", "gpt-4", "GPT-4",
      "gpt-4:online", "openai/gpt-4-turbo", "claude-3-opus", "o4-mini", "kimi-k2.6", "kimi-k2-thinking",
    ])
  func listed(asked: String) {
    let model = catalog.resolve(asked)
    #expect(model.upstreamID == asked)
    #expect(!model.wasRewritten)
    #expect(model.isKnown)
  }

  @Test(
    "passes names that it does not know unchanged",
    arguments: [
      "", ":", "/", "*", "gpt-5.5", "gpt-4-0613", "llama3:8b", "Qwen/Qwen3-235B", "openrouter/auto",
      "@preset/x",
      "kimiko-7b", "a/b/c:d:e", "модель", "\u{0}", "acme/not-akimix",
      String(repeating: "k", count: 100_000),
    ])
  func unknown(asked: String) {
    let model = catalog.resolve(asked)
    #expect(model.upstreamID == asked)
    #expect(!model.wasRewritten)
    #expect(!model.isKnown)
    #expect(!model.isKimi)
    #expect(model.catalogID == nil)
  }

  @Test(
    "recognises Kimi models that it does not list",
    arguments: [
      "moonshotai/kimi-k3", "moonshotai/Kimi-K2-Instruct", "unsloth/Kimi-K2-Instruct-GGUF", "kimi-latest",
      "accounts/fireworks/models/kimi-k2p5", "moonshot.kimi-k2", "KIMI", "~moonshotai/kimi-latest:free",
      "@preset/kimi",
    ])
  func unlistedKimi(asked: String) {
    let model = catalog.resolve(asked)
    #expect(model.isKimi)
    #expect(!model.isKnown)
    #expect(model.upstreamID == asked)
  }

  @Test("sends the alias where KIMI_MODEL_ID says, and the full id where it says itself")
  func kimiModelID() {
    let catalog = ModelCatalog(kimiModelID: "moonshotai/kimi-k2-0905")
    #expect(catalog.resolve("kimi-k2").upstreamID == "moonshotai/kimi-k2-0905")
    #expect(catalog.resolve("kimi-k2").catalogID == "moonshotai/kimi-k2-0905")
    #expect(catalog.resolve("kimi-k2:free").upstreamID == "moonshotai/kimi-k2-0905:free")
    #expect(catalog.resolve("moonshotai/kimi-k2").upstreamID == "moonshotai/kimi-k2")
  }

  @Test("lets a client's suffix replace the one of KIMI_MODEL_ID")
  func suffixOfTarget() {
    let catalog = ModelCatalog(kimiModelID: "moonshotai/kimi-k2:nitro")
    #expect(catalog.resolve("kimi-k2").upstreamID == "moonshotai/kimi-k2:nitro")
    #expect(catalog.resolve("kimi-k2:free").upstreamID == "moonshotai/kimi-k2:free")
    #expect(catalog.resolve("moonshotai/kimi-k2").upstreamID == "moonshotai/kimi-k2")
    #expect(catalog.models.count == ModelCatalog.builtIn.models.count)
  }

  @Test(
    "takes any KIMI_MODEL_ID for a Kimi model and keeps its spelling",
    arguments: ["acme/Own-LLM", "Kimi-K2-Instruct"])
  func foreignKimi(id: String) {
    let catalog = ModelCatalog(kimiModelID: id)
    #expect(catalog.resolve("kimi-k2").upstreamID == id)
    #expect(catalog.resolve("kimi-k2").isKimi)
    #expect(catalog.resolve(id).isKimi)
    #expect(catalog.resolve(id).upstreamID == id)
    #expect(catalog.resolve(id.lowercased()).upstreamID == id)
    #expect(catalog.resolve("gpt-4").isKimi == false)
  }

  @Test("survives a KIMI_MODEL_ID that is empty or names the alias itself")
  func degenerate() {
    #expect(ModelCatalog(kimiModelID: "").resolve("kimi-k2").upstreamID == "moonshotai/kimi-k2")
    let own = ModelCatalog(kimiModelID: "kimi-k2").resolve("kimi-k2")
    #expect(own.upstreamID == "kimi-k2")
    #expect(!own.wasRewritten)
    #expect(own.isKimi)
  }

  @Test("fills the temperature of K2 instruct models only")
  func temperature() {
    for name in ["kimi-k2", "moonshotai/kimi-k2-0905", "kimi-k2:free", "moonshotai/Kimi-K2-Instruct"] {
      #expect(catalog.resolve(name).takesKimiTemperature, "\(name)")
    }
    for name in [
      "moonshotai/kimi-k2-thinking", "kimi-k2:thinking", "moonshotai/kimi-k2.6", "kimi-k2.5",
      "moonshotai/kimi-k3",
      "unsloth/Kimi-K2-Thinking", "kimi-k2-instruct:thinking", "gpt-4", "unknown",
    ] {
      #expect(!catalog.resolve(name).takesKimiTemperature, "\(name)")
    }
    #expect(ModelCatalog(kimiModelID: "acme/llm").resolve("kimi-k2").takesKimiTemperature)
    #expect(!ModelCatalog(kimiModelID: "moonshotai/kimi-k2-thinking").resolve("kimi-k2").takesKimiTemperature)
    #expect(!ModelCatalog(kimiModelID: "moonshotai/kimi-k3").resolve("kimi-k2").takesKimiTemperature)
  }

  @Test("adds models with aliases, prefixes and spellings; the longest prefix wins")
  func additions() {
    let catalog = ModelCatalog(
      kimiModelID: ModelCatalog.defaultKimiModelID,
      additions: [
        CatalogModel(id: "acme/big", aliases: ["Big", "acme-*"], spellings: ["gpt-4"]),
        CatalogModel(id: "acme/small", aliases: ["acme-small-*"], spellings: ["tiny*"]),
        CatalogModel(id: "openai/gpt-4", name: "Own GPT-4"),
      ])
    #expect(catalog.resolve("big:free").upstreamID == "acme/big:free")
    #expect(catalog.resolve("ACME-x").upstreamID == "acme/big")
    #expect(catalog.resolve("acme-small-2:nitro").upstreamID == "acme/small:nitro")
    #expect(catalog.resolve("gpt-4").upstreamID == "gpt-4")
    #expect(catalog.resolve("gpt-4").catalogID == "acme/big")
    #expect(catalog.resolve("Tiny-3").upstreamID == "Tiny-3")
    #expect(catalog.resolve("Tiny-3").catalogID == "acme/small")
    #expect(catalog.model(id: "OpenAI/gpt-4")?.name == "Own GPT-4")
    #expect(catalog.models.count == ModelCatalog.builtIn.models.count + 2)
  }

  @Test("lets an addition's alias take over a built-in id")
  func takeover() {
    let catalog = ModelCatalog(
      kimiModelID: ModelCatalog.defaultKimiModelID,
      additions: [CatalogModel(id: "acme/big", aliases: ["openai/gpt-4-turbo"])])
    #expect(catalog.resolve("openai/gpt-4-turbo").upstreamID == "acme/big")
  }

  @Test("finds every listed name, exactly as listed, without a rewrite of ids")
  func everyName() {
    for model in catalog.models {
      #expect(catalog.resolve(model.id).catalogID == model.id)
      #expect(!catalog.resolve(model.id).wasRewritten)
      for name in model.aliases { #expect(catalog.resolve(name).upstreamID == model.id) }
      for name in model.spellings { #expect(catalog.resolve(name).catalogID == model.id) }
    }
    #expect(catalog.models.first?.aliases == ["kimi-k2"])
  }

  @Test("knows prices by any name, and that `:free` is free")
  func prices() {
    #expect(catalog.prices(of: catalog.resolve("gpt-4"))?.input == 30)
    #expect(catalog.prices(of: catalog.resolve("kimi-k2"))?.output == 2.30)
    #expect(catalog.prices(of: catalog.resolve("kimi-k2:FREE")) == .free)
    #expect(catalog.prices(of: catalog.resolve("acme/unknown")) == nil)
    #expect(catalog.model(of: catalog.resolve("o3:nitro"))?.name == "o3")
  }
}

@Suite("The built-in models")
struct BuiltInModelsTests {
  @Test("have what a model picker needs, and no rules that change a request")
  func complete() {
    for model in BuiltInModels.all {
      #expect(!model.name.isEmpty && !model.description.isEmpty && !model.provider.isEmpty)
      #expect((model.contextWindow ?? 0) > 0)
      #expect((model.prices?.input ?? 0) > 0 && (model.prices?.output ?? 0) > 0)
      #expect(model.parameterRules.isEmpty && model.systemPromptAddition == nil)
      #expect(model.isKimi == (model.provider == "moonshot"))
    }
    #expect(Set(BuiltInModels.all.map(\.id)).count == BuiltInModels.all.count)
  }

  @Test(
    "have the names that the seeds use",
    arguments: [
      "gpt-4", "gpt-4-turbo", "gpt-4-turbo-preview", "gpt-3.5-turbo", "o4-mini", "o3", "claude-3-opus",
      "claude-3-sonnet", "claude-sonnet-4", "kimi-k2", "moonshotai/kimi-k2", "openai/gpt-4-turbo",
    ])
  func seeds(name: String) {
    #expect(ModelCatalog.builtIn.resolve(name).isKnown)
  }
}
