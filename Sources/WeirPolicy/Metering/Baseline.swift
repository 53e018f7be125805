/// What savings are measured against.
public enum Baseline: Sendable, Equatable {
  /// Prices that somebody wrote down.
  case prices(ModelPrices)
  /// A model's prices, whatever they are at the moment.
  case model(String)

  /// What GPT-4 Turbo costs (OpenAI's price list): the baseline where nothing else is named.
  public static let gpt4Turbo = Baseline.prices(PolicySnapshot.gpt4Turbo)

  /// The prices now; GPT-4 Turbo's where nobody knows those of the model.
  public func prices(catalog: ModelCatalog, book: PriceBook) -> ModelPrices {
    switch self {
    case .prices(let prices): prices
    case .model(let name): book.prices(of: catalog.resolve(name)) ?? PolicySnapshot.gpt4Turbo
    }
  }
}
