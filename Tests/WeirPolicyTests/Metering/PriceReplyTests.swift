import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The price of a reply")
struct PriceReplyTests {
  private let usage = TokenUsage(input: 1_000_000, output: 100_000, cached: 0, reasoning: 0)

  private func price(_ model: String?, usage: TokenUsage?, cost: Double? = nil, baseline: ModelPrices? = nil) -> Cost? {
    let base = PolicySnapshot.of()
    let policy = PolicySnapshot(
      clients: base.clients, models: base.models, killSwitch: base.killSwitch,
      baseline: .prices(baseline ?? ModelPrices(input: 2, output: 10)))
    let exchange = Exchange.opened(policy: policy)
    exchange.model = model.map(policy.models.resolve)
    var reading = ReplyReading()
    reading.usage = usage
    reading.cost = cost
    exchange.reading = reading
    let cost = PriceReply.price(exchange, metered: nil, policy: policy)
    // The same reply, had it been kept.
    let kept = StoredReply(.init(model: model, upstream: "u", reading: reading, storedAt: 0), head: [], body: [])
    #expect(PriceReply.price(exchange, kept, policy: policy) == cost)
    return cost
  }

  @Test("is what the upstream says, whatever the catalog does")
  func upstream() {
    let cost = price("openai/gpt-4-turbo", usage: usage, cost: 0.25)
    let catalog = price("openai/gpt-4-turbo", usage: usage)?.usd
    #expect(cost == Cost(usd: 0.25, source: .upstream, baselineUSD: 3, catalogUSD: catalog))
    #expect(price("unknown/model", usage: nil, cost: 0.25) == Cost(usd: 0.25, source: .upstream, baselineUSD: nil))
    #expect(price("openai/gpt-4-turbo", usage: usage, cost: 0)?.usd == 0)
  }

  @Test("is the catalog's where the upstream names none")
  func catalog() throws {
    let prices = try #require(ModelCatalog.builtIn.prices(of: ModelCatalog.builtIn.resolve("openai/gpt-4-turbo")))
    let expected = prices.cost(inputTokens: 1_000_000, outputTokens: 100_000)
    #expect(expected > 0)
    let cost = Cost(usd: expected, source: .catalog, baselineUSD: 3, catalogUSD: expected)
    #expect(price("openai/gpt-4-turbo", usage: usage) == cost)
    #expect(price("openai/gpt-4-turbo:free", usage: usage)?.usd == 0)
  }

  @Test("is known to nobody for a model without one, or a request without a model")
  func none() {
    let nobody = Cost(usd: nil, source: .none, baselineUSD: 3)
    #expect(price("unknown/model", usage: usage) == nobody)
    #expect(price(nil, usage: usage) == nobody)
  }

  @Test("is none where nothing was used or nobody read the reply")
  func nothing() {
    #expect(price("openai/gpt-4-turbo", usage: nil) == nil)
    #expect(PriceReply.price(.opened(), metered: nil, policy: .of()) == nil)
  }

  @Test("of the baseline counts cached and reasoning tokens by its own prices")
  func baseline() {
    let parts = TokenUsage(input: 1_000_000, output: 1_000_000, cached: 500_000, reasoning: 250_000)
    let prices = ModelPrices(input: 4, output: 8, cached: 2, reasoning: 16)
    let usd = price(nil, usage: parts, baseline: prices)?.baselineUSD ?? 0
    #expect(abs(usd - (2 + 1 + 6 + 4)) < 1e-9)
  }
}
