import Testing

@testable import WeirPolicy

@Suite("What weir adds to the model list")
struct ModelListingTests {
  private func listing(
    _ additions: [CatalogModel] = [], kimi: String = ModelCatalog.defaultKimiModelID, allow: [String] = [],
    deny: [String] = [], isKimiEnabled: Bool = true, fallback: String = "openai/gpt-4-turbo",
    routes: (ModelCatalog) -> TaskRoutes? = { _ in nil }
  ) -> ModelListing {
    let catalog = ModelCatalog(kimiModelID: kimi, additions: additions)
    return ModelListing(
      policy: PolicySnapshot(
        clients: ClientDirectory(), models: catalog,
        access: ModelAccess(allow: allow.map { ModelPattern($0) }, deny: deny.map { ModelPattern($0) }),
        killSwitch: KillSwitch(isKimiEnabled: isKimiEnabled, fallbackModel: fallback, catalog: catalog)),
      routes: routes(catalog))
  }

  private let mine = CatalogModel(
    id: "acme/large", aliases: ["big", "large-*", "Biggest"], name: "Acme Large", provider: "acme", category: "own",
    description: "Says \"hello\"", badge: "NEW", costInfo: "cheap", contextWindow: 9,
    prices: ModelPrices(input: 1.5, output: 2, cached: 0.25, reasoning: 3), capabilities: [.agentic, .coding])

  private func ids(_ listing: ModelListing) -> [String] { listing.entries.map(\.id) }

  @Test("is kimi-k2 where nobody configured more")
  func builtIn() {
    #expect(ids(listing()) == ["kimi-k2"])
  }

  @Test("is each alias of the file, but no prefix, no spelling and no id")
  func fromFile() {
    #expect(ids(listing([mine])) == ["kimi-k2", "big", "Biggest"])
  }

  @Test("describes an alias as OpenAI's and OpenRouter's clients read it")
  func entry() {
    #expect(
      listing([mine]).entry(for: "big")?.json
        == #"{"id":"big","object":"model","created":0,"owned_by":"acme","name":"Acme Large","#
        + #""description":"Says \"hello\"","context_length":9,"#
        + #""pricing":{"prompt":"0.0000015","completion":"0.000002","input_cache_read":"0.00000025","#
        + #""internal_reasoning":"0.000003"},"weir":{"alias_of":"acme/large","badge":"NEW","category":"own","#
        + #""capabilities":["coding","agentic"],"cost_info":"cheap"}}"#)
  }

  @Test("says null for what is not known")
  func unknown() {
    #expect(
      listing([CatalogModel(id: "acme/small", aliases: ["tiny"])]).entry(for: "tiny")?.json
        == #"{"id":"tiny","object":"model","created":0,"owned_by":"weir","name":"acme/small","description":"","#
        + #""context_length":null,"pricing":null,"weir":{"alias_of":"acme/small","badge":null,"#
        + #""category":"standard","capabilities":[],"cost_info":null}}"#)
  }

  @Test("finds one entry in any letter case, and none for other names")
  func oneEntry() {
    let listing = listing([mine])
    #expect(listing.entry(for: "KIMI-K2")?.id == "kimi-k2")
    #expect(listing.entry(for: "biggest")?.id == "Biggest")
    for id in ["", "acme/large", "moonshotai/kimi-k2", "kimi-k2:free", "large-1", "large-*", "auto"] {
      #expect(listing.entry(for: id) == nil, "\(id)")
    }
  }

  @Test("leaves out what the upstream lists itself")
  func listedAlready() {
    let listing = listing([mine])
    #expect(listing.additions(to: []).count == 3)
    #expect(listing.additions(to: ["openai/gpt-4", "BIG", "kimi-k2"]) == [listing.entry(for: "Biggest")?.json])
  }

  @Test("holds nothing that clients may not ask for")
  func access() {
    #expect(ids(listing([mine], allow: ["acme/*"])) == ["big", "Biggest"])
    #expect(ids(listing([mine], deny: ["acme/*"])) == ["kimi-k2"])
    #expect(ids(listing([mine], deny: ["big"])) == ["kimi-k2", "Biggest"])
    #expect(ids(listing([mine], allow: ["openai/*"])) == [])
  }

  @Test("prices an alias of a free variant as free")
  func free() throws {
    let json = try #require(listing(kimi: "moonshotai/kimi-k2:free").entry(for: "kimi-k2")?.json)
    #expect(json.contains(#""alias_of":"moonshotai/kimi-k2:free""#))
    #expect(json.contains(#""pricing":{"prompt":"0","completion":"0"}"#))
  }

  @Test("follows the kill switch: what serves now, or nothing")
  func killSwitch() throws {
    let json = try #require(listing(isKimiEnabled: false).entry(for: "kimi-k2")?.json)
    #expect(json.contains(#""name":"GPT-4 Turbo""#))
    #expect(json.contains(#""alias_of":"openai/gpt-4-turbo""#))
    #expect(ids(listing([mine], isKimiEnabled: false, fallback: "")) == ["big", "Biggest"])
  }

  @Test("describes a fallback that the catalog does not have by its name alone")
  func unlistedFallback() throws {
    let json = try #require(listing(isKimiEnabled: false, fallback: "acme/other").entry(for: "kimi-k2")?.json)
    #expect(json.contains(#""name":"acme/other","description":"","context_length":null,"pricing":null"#))
  }

  @Test("has auto where routes are on, with all that its candidates can do")
  func automatic() throws {
    let all = { (catalog: ModelCatalog) in TaskRoutes(candidates: catalog.models) }
    let open = listing([mine], routes: all)
    #expect(ids(open).last == "auto")
    let json = try #require(open.entry(for: "auto")?.json)
    #expect(json.contains(#""context_length":262144,"pricing":null,"weir":{"alias_of":null,"#))
    #expect(
      json.contains(
        #""capabilities":["reasoning","coding","analysis","tool_use","agentic","long_context"]"#))
    #expect(!ids(listing(routes: { _ in TaskRoutes(candidates: []) })).contains("auto"))
    #expect(!ids(listing([mine], allow: ["acme/*"], routes: all)).contains("auto"))
    let small = try #require(listing([mine], allow: ["acme/*", "auto"], routes: all).entry(for: "auto")?.json)
    #expect(small.contains(#""context_length":9,"#))
    #expect(!ids(listing([mine], allow: ["auto"], routes: all)).contains("auto"))
  }

  @Test("lets an alias of the file named auto stand")
  func aliasNamedAuto() throws {
    let entries = listing(
      [CatalogModel(id: "acme/large", aliases: ["Auto"])], routes: { TaskRoutes(candidates: $0.models) }
    ).entries.filter { $0.id.lowercased() == "auto" }
    #expect(entries.map(\.id) == ["Auto"])
  }

  @Test("is a whole list, marked, while the upstream cannot be asked")
  func withoutUpstream() {
    let listing = listing([mine])
    let text = listing.withoutUpstream
    #expect(text.hasPrefix(#"{"object":"list","data":[{"id":"kimi-k2","#))
    #expect(text.hasSuffix(#"}}],"weir":{"upstream":"unreachable"}}"#))
    #expect(
      self.listing(allow: ["x"]).withoutUpstream
        == #"{"object":"list","data":[],"weir":{"upstream":"unreachable"}}"#)
  }
}
