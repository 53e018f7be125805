/// What each model costs, from three sources: prices that the configuration writes down go before those that the
/// upstream publishes (`PriceList`), and these before those that ship with weir. An immutable value.
public struct PriceBook: Sendable {
  private let catalog: ModelCatalog
  private let listed: PriceList
  private let defaultUpstream: String

  /// Puts the sources together.
  ///
  /// - Parameter defaultUpstream: the name of the upstream whose prices hold where another publishes none.
  public init(catalog: ModelCatalog, listed: PriceList = .empty, defaultUpstream: String = UpstreamRoute.defaultID) {
    self.catalog = catalog
    self.listed = listed
    self.defaultUpstream = defaultUpstream
  }

  /// Prices of a model, in US dollars per million tokens: zero for `:free`, nil where nobody knows.
  ///
  /// - Parameters:
  ///   - upstream: the name of the one that serves it; nil for the default one.
  ///   - name: what that upstream calls it; nil where it has no name of its own there.
  public func prices(of model: ResolvedModel, at upstream: String? = nil, as name: String? = nil) -> ModelPrices? {
    guard !listed.isEmpty else { return catalog.prices(of: model) }
    if ModelName.folded(model.upstreamID).hasSuffix(":free") { return .free }
    let known = catalog.place(of: model)
    if let known, catalog.models[known].hasConfiguredPrices { return catalog.models[known].prices }
    return listed.prices(of: name ?? model.upstreamID, at: upstream ?? defaultUpstream)
      ?? listed.prices(of: model.upstreamID, at: defaultUpstream)
      // `gpt-4` is listed as `openai/gpt-4`.
      ?? known.flatMap { listed.prices(of: catalog.models[$0].id, at: defaultUpstream) ?? catalog.models[$0].prices }
  }

  /// What the model of a request costs, where it was last aimed at or has been sent.
  func prices(of exchange: Exchange) -> ModelPrices? {
    guard let model = exchange.model else { return nil }
    let aim = exchange.aim.flatMap { exchange.plan.target($0)?.key.upstream }
    return prices(of: model, at: exchange.endedAt == nil ? aim : exchange.upstream, as: exchange.sentModel)
  }
}
