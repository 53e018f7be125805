extension Settings {
  static let pricingRefresh = Setting(
    "WEIR_PRICING_REFRESH", yaml: "pricing.refresh", .wholeSeconds.withOff(meaning: 0), default: 3600,
    "How often upstreams are asked for their prices (`GET /models`); 0 never asks")

  static let pricing = [pricingRefresh.entry]
}
