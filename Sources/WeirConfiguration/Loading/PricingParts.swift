import WeirPolicy

/// What tokens cost and what savings are measured against, worked out from the settings and the section `pricing`.
struct PricingParts {
  let pricing: Configuration.Pricing
  let rows: [EffectiveValue]

  init(_ section: PricingSection, _ catalog: ModelCatalog, _ resolver: inout SettingsResolver) {
    let baseline = section.baseline?.value ?? .gpt4Turbo
    pricing = Configuration.Pricing(baseline: baseline, refreshSeconds: resolver.value(Settings.pricingRefresh))
    if let place = section.baseline, case .model(let name) = place.value {
      PricingParts.check(name, place, catalog, &resolver)
    }
    rows = [
      .row(
        "pricing.baseline", PricingParts.summary(baseline, catalog, isDefault: section.baseline == nil),
        path: resolver.yaml.path, line: section.baseline?.line)
    ]
  }

  /// A baseline that nobody knows the price of would make every saving a guess.
  private static func check(
    _ name: String, _ place: Located<Baseline>, _ catalog: ModelCatalog, _ resolver: inout SettingsResolver
  ) {
    let model = catalog.resolve(name)
    guard catalog.prices(of: model) == nil else { return }
    resolver.report(
      line: place.line, key: place.key,
      model.isKnown ? "the catalog has no price for \(name)" : "the catalog has no model \(name)",
      fix: model.isKnown
        ? "give it prices in models.catalog, or give input and output here" : PolicyChecks.remedy(name, catalog))
  }

  private static func summary(_ baseline: Baseline, _ catalog: ModelCatalog, isDefault: Bool) -> String {
    let prices = baseline.prices(catalog: catalog, book: PriceBook(catalog: catalog))
    let text = "USD/1M \(prices.input) in, \(prices.output) out"
    switch baseline {
    case .model(let name): return "\(name): \(text)"
    case .prices: return isDefault ? "GPT-4 Turbo: \(text)" : text
    }
  }
}
