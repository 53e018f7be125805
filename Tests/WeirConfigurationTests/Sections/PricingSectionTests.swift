import Testing
import WeirPolicy

@testable import WeirConfiguration

@Suite("The settings of prices")
struct PricingSectionTests {
  @Test("measure savings against GPT-4 Turbo, and ask for prices every hour")
  func defaults() throws {
    let configuration = try Sources().load()
    #expect(
      configuration.pricing == Configuration.Pricing(baseline: .prices(PolicySnapshot.gpt4Turbo), refreshSeconds: 3600))
    #expect(row(configuration)?.text == "GPT-4 Turbo: USD/1M 10.0 in, 30.0 out")
  }

  @Test("take prices")
  func prices() throws {
    let configuration = try SectionExample.sources.load()
    let prices = ModelPrices(input: 2.5, output: 10, cached: 1.25, reasoning: 10)
    #expect(configuration.pricing == Configuration.Pricing(baseline: .prices(prices), refreshSeconds: 600))
    #expect(row(configuration)?.text == "USD/1M 2.5 in, 10.0 out")
  }

  @Test("take a model, by any of its names")
  func model() throws {
    let configuration = try Sources.yaml("pricing: {baseline: gpt-4, refresh: off}").load()
    #expect(configuration.pricing == Configuration.Pricing(baseline: .model("gpt-4"), refreshSeconds: 0))
    #expect(row(configuration)?.text == "gpt-4: USD/1M 30.0 in, 60.0 out")
    #expect(row(configuration)?.origin.description == "weir.yaml:1")
  }

  @Test(
    "are refused with line, key and remedy",
    arguments: [
      ("baseline: acme/unknown", "pricing.baseline", "the catalog has no model acme/unknown"),
      ("baseline: kimi-k2.9", "pricing.baseline", "the catalog has no model kimi-k2.9"),
      ("baseline: {input: 1}", "pricing.baseline", "output is missing"),
      ("baseline: {input: -1, output: 2}", "pricing.baseline.input", "out of range"),
      ("baseline: [gpt-4]", "pricing.baseline", "the value is a list"),
      ("refresh: -5", "pricing.refresh", "not a whole number"),
      ("refersh: 5", "pricing.refersh", "there is no such key"),
    ])
  func wrong(entry: String, key: String, what: String) {
    let problems = Sources.yaml("pricing:\n  \(entry)\n").problems
    #expect(problems.map(\.key) == [key])
    #expect(problems.first?.line == 2)
    #expect(problems.first?.what.contains(what) == true)
  }

  private func row(_ configuration: Configuration) -> EffectiveValue? {
    configuration.sections.first { $0.name == "pricing.baseline" }
  }
}
