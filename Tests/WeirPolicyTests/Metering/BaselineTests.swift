import Testing

@testable import WeirPolicy

@Suite("The baseline")
struct BaselineTests {
  private func snapshot(_ baseline: Baseline, listed: PriceList = .empty) -> PolicySnapshot {
    let base = PolicySnapshot.of()
    return PolicySnapshot(
      clients: base.clients, models: base.models, killSwitch: base.killSwitch, prices: listed, baseline: baseline)
  }

  @Test("is what somebody wrote, or GPT-4 Turbo's price")
  func fixed() {
    let prices = ModelPrices(input: 1, output: 2)
    #expect(snapshot(.prices(prices)).baseline == prices)
    #expect(snapshot(.gpt4Turbo).baseline == ModelPrices(input: 10, output: 30))
  }

  @Test("follows the price of the model that it names")
  func follows() throws {
    let builtIn = try #require(ModelCatalog.builtIn.model(id: "openai/gpt-4")?.prices)
    #expect(snapshot(.model("gpt-4")).baseline == builtIn)
    var listed = PriceList()
    let now = ModelPrices(input: 5, output: 6)
    listed.replace(UpstreamRoute.defaultID, with: [("gpt-4", now)])
    #expect(snapshot(.model("gpt-4"), listed: listed).baseline == now)
  }

  @Test("of a model whose price is gone is GPT-4 Turbo's")
  func unknown() { #expect(snapshot(.model("acme/gone")).baseline == PolicySnapshot.gpt4Turbo) }
}
