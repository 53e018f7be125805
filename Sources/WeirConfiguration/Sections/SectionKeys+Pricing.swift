extension SectionKeys {
  static let pricing = pricingKeys + prices(in: .baseline)

  static let pricingKeys = [
    SectionKey(
      .pricing, "baseline", "model or group",
      "What savings are measured against: a model of the catalog, at its prices of the moment, or US dollars per million "
        + "tokens; by default, what GPT-4 Turbo costs: 10 and 30")
  ]
}
