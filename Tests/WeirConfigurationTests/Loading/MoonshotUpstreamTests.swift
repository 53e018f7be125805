import Testing
import WeirPolicy

@testable import WeirConfiguration

@Suite("The upstream moonshot")
struct MoonshotUpstreamTests {
  @Test("is there when its key is, and knows what Moonshot calls the Kimi models")
  func key() throws {
    let configuration = try Sources.environment(["MOONSHOT_API_KEY": "k"]).load()
    #expect(configuration.upstreams.map(\.id) == ["default", "moonshot"])
    let moonshot = configuration.upstreams[1]
    #expect(moonshot.url.description == "https://api.moonshot.ai/v1")
    #expect(moonshot.apiKey == Secret("k"))
    #expect(moonshot.backsKimi && !moonshot.passesClientKey)
    #expect(moonshot.timeouts == configuration.timeouts)
    for (sent, name) in [
      ("moonshotai/kimi-k2", "kimi-k2.6"), ("moonshotai/kimi-k2-0905", "kimi-k2.6"), ("kimi-k2-0905", "kimi-k2.6"),
      ("kimi-k2-thinking", "kimi-k2.6"), ("moonshotai/kimi-k2.5", "kimi-k2.5"), ("moonshotai/kimi-k2.6", "kimi-k2.6"),
      ("moonshotai/kimi-k2.7-code", "kimi-k2.7-code"), ("openai/gpt-4", "openai/gpt-4"),
    ] { #expect(moonshot.route.name(of: sent) == name, "\(sent)") }
  }

  @Test("does not come first, which is said where the upstream that does has no key")
  func order() throws {
    let key = ["MOONSHOT_API_KEY": "k"]
    func warnings(_ more: [String: String], yaml: String? = nil) throws -> [String] {
      var sources = yaml.map { Sources.yaml($0) } ?? Sources.environment([:])
      sources.environment = key.merging(more) { $1 }
      return try sources.load().warnings.filter { $0.key == "MOONSHOT_API_KEY" }.map(\.what)
    }
    let told = try warnings([:])
    #expect(told.count == 1)
    #expect(told.first?.hasPrefix("Kimi models still go to openrouter.ai first, for which there is no key") == true)
    #expect(try warnings(["OPENROUTER_API_KEY": "o"]).isEmpty)
    #expect(try warnings(["WEIR_UPSTREAM_URL": "http://vllm.internal:8000/v1"]).isEmpty)
    #expect(try warnings(["FEATURE_KIMI_ENABLED": "false"]).isEmpty)
    let header = "upstreams: {default: {headers: {authorization: Bearer o}}}"
    #expect(try warnings([:], yaml: header).isEmpty)
    let listed = BuiltInModels.all.filter(\.isKimi).map { "{id: \($0.id), upstreams: [moonshot]}" }
    #expect(try warnings([:], yaml: "models: {catalog: [\(listed.joined(separator: ", "))]}").isEmpty)
  }

  @Test("has a name for every Kimi model that is built in")
  func names() throws {
    let moonshot = try Sources.environment(["MOONSHOT_API_KEY": "k"]).load().upstreams[1]
    for model in BuiltInModels.all where model.isKimi {
      #expect(!moonshot.route.name(of: model.id).contains("/"), "\(model.id)")
    }
  }

  @Test("knows the alias's own target, and Kimi models that the file adds")
  func additions() throws {
    var sources = Sources.yaml("models: {catalog: [{id: moonshotai/kimi-k9}, {id: acme/kimi-x}]}")
    sources.environment = ["MOONSHOT_API_KEY": "k", "KIMI_MODEL_ID": "moonshotai/kimi-k2.5:nitro"]
    let moonshot = try sources.load().upstreams[1].route
    #expect(moonshot.name(of: "moonshotai/kimi-k9") == "kimi-k9")
    #expect(moonshot.name(of: "moonshotai/kimi-k2.5:nitro") == "kimi-k2.5")
    #expect(moonshot.name(of: "acme/kimi-x") == "acme/kimi-x")
  }

  @Test("lets the file say other names, and the variables go before the file")
  func section() throws {
    var sources = Sources.yaml(
      "upstreams: {moonshot: {url: 'http://localhost/m', api_key: f, models: {kimi-k2: turbo}}}")
    var moonshot = try sources.load().upstreams[1]
    #expect(moonshot.url.description == "http://localhost/m")
    #expect(moonshot.apiKey == Secret("f"))
    #expect(moonshot.route.name(of: "moonshotai/kimi-k2") == "turbo")
    #expect(moonshot.route.name(of: "moonshotai/kimi-k2.6") == "kimi-k2.6")
    sources.environment = ["MOONSHOT_API_KEY": "e", "MOONSHOT_BASE_URL": "https://api.moonshot.cn/v1"]
    moonshot = try sources.load().upstreams[1]
    #expect(moonshot.url.description == "https://api.moonshot.cn/v1")
    #expect(moonshot.apiKey == Secret("e"))
  }

  @Test("is not described twice in one file")
  func twice() {
    let problems = Sources.yaml(
      "moonshot: {api_key: a, base_url: 'http://localhost/a'}\nupstreams: {moonshot: {url: 'http://localhost/b', api_key: b}}"
    ).problems
    #expect(problems.map(\.key) == ["upstreams.moonshot.api_key", "upstreams.moonshot.url"])
    #expect(
      problems.map(\.what) == [
        "moonshot.api_key says it too in this file", "moonshot.base_url says it too in this file",
      ])
  }
}
