/// The prices that upstreams publish in their model lists, as last read: by upstream, then by the model's name there.
/// An immutable snapshot is part of every `PolicySnapshot`; bounded, since names come from outside.
public struct PriceList: Sendable, Equatable {
  /// Models of one upstream that are kept; more are not looked at.
  public static let maximumModels = 5_000

  /// Nobody has been asked.
  public static let empty = PriceList()

  private var byUpstream: [String: [String: ModelPrices]] = [:]

  /// A list of nothing.
  public init() {}

  /// Whether there is no price at all.
  public var isEmpty: Bool { byUpstream.isEmpty }

  /// How many prices there are.
  public var count: Int { byUpstream.values.reduce(0) { $0 + $1.count } }

  /// What an upstream says takes the place of what it said before.
  ///
  /// - Parameter prices: by the model's name; letter case has no meaning.
  public mutating func replace(_ upstream: String, with prices: [(model: String, prices: ModelPrices)]) {
    byUpstream[upstream] = Dictionary(
      prices.prefix(Self.maximumModels).map { (ModelName.folded($0.model), $0.prices) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Forgets the upstreams that are not named.
  public mutating func keep(_ upstreams: Set<String>) { byUpstream = byUpstream.filter { upstreams.contains($0.key) } }

  /// What an upstream says that a model costs; a variant without a price of its own costs what the model does, since
  /// suffixes such as `:nitro` only choose who serves it.
  func prices(of model: String, at upstream: String) -> ModelPrices? {
    guard let listed = byUpstream[upstream] else { return nil }
    let name = ModelName.folded(model)
    if let own = listed[name] { return own }
    let (base, suffix) = ModelName.split(name)
    return suffix.isEmpty ? nil : listed[String(base)]
  }
}
