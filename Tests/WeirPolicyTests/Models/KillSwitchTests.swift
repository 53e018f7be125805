import Testing
import WeirPolicy

@Suite("The kill switch")
struct KillSwitchTests {
  private let catalog = ModelCatalog.builtIn

  private func decide(_ asked: String, enabled: Bool, fallback: String) -> KillSwitch.Decision {
    KillSwitch(isKimiEnabled: enabled, fallbackModel: fallback, catalog: catalog).decide(
      catalog.resolve(asked))
  }

  @Test("lets everything pass while Kimi is on", arguments: ["kimi-k2", "gpt-4", "unknown"])
  func enabled(asked: String) {
    #expect(decide(asked, enabled: true, fallback: "") == .serve)
  }

  @Test("lets other models pass while Kimi is off", arguments: ["gpt-4", "unknown", "openrouter/auto"])
  func others(asked: String) {
    #expect(decide(asked, enabled: false, fallback: "") == .serve)
  }

  @Test(
    "sends every spelling of a Kimi model to the fallback",
    arguments: [
      "kimi-k2", "KIMI-K2:free", "moonshotai/kimi-k2.6", "moonshotai/kimi-k9", "x/Kimi-K2-Instruct",
    ])
  func fallBack(asked: String) {
    guard case .fallBack(let to, let from) = decide(asked, enabled: false, fallback: "openai/gpt-4-turbo")
    else {
      Issue.record("\(asked) did not fall back")
      return
    }
    #expect(to.upstreamID == "openai/gpt-4-turbo")
    #expect(to.wasRewritten)
    #expect(from == catalog.resolve(asked).upstreamID)
  }

  @Test(
    "refuses when the fallback is nothing or Kimi itself", arguments: ["", "kimi-k2", "moonshotai/kimi-k3"])
  func refuse(fallback: String) {
    #expect(decide("kimi-k2", enabled: false, fallback: fallback) == .refuse)
  }

  @Test("reads the fallback by the catalog")
  func alias() {
    let catalog = ModelCatalog(
      kimiModelID: "moonshotai/kimi-k2", additions: [CatalogModel(id: "acme/big", aliases: ["big"])])
    let kill = KillSwitch(isKimiEnabled: false, fallbackModel: "big", catalog: catalog)
    #expect(kill.fallback?.upstreamID == "acme/big")
  }
}
