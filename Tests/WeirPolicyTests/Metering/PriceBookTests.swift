import Testing

@testable import WeirPolicy

@Suite("The book of prices")
struct PriceBookTests {
  private func book(
    _ listed: [String: [(model: String, prices: ModelPrices)]], additions: [CatalogModel] = []
  ) -> (ModelCatalog, PriceBook) {
    let catalog = ModelCatalog(kimiModelID: ModelCatalog.defaultKimiModelID, additions: additions)
    var list = PriceList()
    for (upstream, prices) in listed { list.replace(upstream, with: prices) }
    return (catalog, PriceBook(catalog: catalog, listed: list, defaultUpstream: "main"))
  }

  private let one = ModelPrices(input: 1, output: 2)
  private let other = ModelPrices(input: 3, output: 4)

  @Test("says what the catalog says while nobody was asked")
  func catalogOnly() {
    let (catalog, book) = book([:])
    let model = catalog.resolve("gpt-4-turbo")
    #expect(book.prices(of: model) == catalog.prices(of: model))
    #expect(book.prices(of: catalog.resolve("gpt-4-turbo:free")) == .free)
  }

  @Test("puts what an upstream publishes before what ships with weir, letter case ignored")
  func published() {
    let (catalog, book) = book(["main": [("MoonshotAI/Kimi-K2", one), ("acme/new", other)]])
    #expect(book.prices(of: catalog.resolve("kimi-k2")) == one)
    #expect(book.prices(of: catalog.resolve("acme/new")) == other)
    #expect(book.prices(of: catalog.resolve("acme/none")) == nil)
  }

  @Test("knows a model by its spellings too")
  func spellings() {
    let (catalog, book) = book(["main": [("openai/gpt-4", one)]])
    #expect(book.prices(of: catalog.resolve("gpt-4")) == one)
  }

  @Test("puts what the configuration says before all")
  func configured() {
    var mine = CatalogModel(id: "acme/mine", prices: other)
    mine.hasConfiguredPrices = true
    let (catalog, book) = book(["main": [("acme/mine", one)]], additions: [mine])
    #expect(book.prices(of: catalog.resolve("acme/mine")) == other)
  }

  @Test("tells upstreams apart, by their own names for models; one without a price counts as the default one")
  func upstreams() {
    let (catalog, book) = book(["main": [("acme/x", one)], "second": [("x-1", other)]])
    let model = catalog.resolve("acme/x")
    #expect(book.prices(of: model, at: "second", as: "x-1") == other)
    #expect(book.prices(of: model, at: "main", as: "acme/x") == one)
    #expect(book.prices(of: model, at: "third", as: "x") == one)
  }

  @Test("takes a variant's own price, else its model's, and nothing for a free one")
  func variants() {
    let (catalog, book) = book(["main": [("acme/x", one), ("acme/x:thinking", other)]])
    #expect(book.prices(of: catalog.resolve("acme/x:thinking")) == other)
    #expect(book.prices(of: catalog.resolve("acme/x:nitro")) == one)
    #expect(book.prices(of: catalog.resolve("acme/x:free")) == .free)
  }

  @Test("is bounded, and forgets upstreams that are gone")
  func bounded() {
    var list = PriceList()
    list.replace("main", with: (0..<6_000).map { ("m\($0)", one) })
    #expect(list.count == PriceList.maximumModels)
    list.replace("other", with: [("a", one)])
    list.keep(["other"])
    #expect(list.count == 1)
  }

  @Test("prices a request at the upstream that served it")
  func exchanges() {
    let (_, book) = book(["main": [("acme/x", one)], "second": [("x-1", other)]])
    let exchange = Exchange.opened()
    exchange.model = ModelCatalog.builtIn.resolve("acme/x")
    exchange.sentModel = "x-1"
    exchange.upstream = "second"
    exchange.endedAt = 1
    #expect(book.prices(of: exchange) == other)
    exchange.upstream = nil
    #expect(book.prices(of: exchange) == one)
  }
}
