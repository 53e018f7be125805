/// `FEATURE_KIMI_ENABLED`: while it is off, no request reaches a Kimi model.
public struct KillSwitch: Sendable {
  /// False diverts or refuses every request for a Kimi model.
  public let isKimiEnabled: Bool
  /// Where diverted requests go, always a rewrite of what they asked for; nil when the configuration names none, or names a Kimi model.
  public let fallback: ResolvedModel?

  /// Reads the fallback's name by the catalog; an empty one, and one that is Kimi itself, is none.
  public init(isKimiEnabled: Bool, fallbackModel: String, catalog: ModelCatalog) {
    self.isKimiEnabled = isKimiEnabled
    let resolved = catalog.resolve(fallbackModel)
    fallback = fallbackModel.isEmpty || resolved.isKimi ? nil : resolved.replacing("")
  }

  /// What becomes of a request for a model.
  public enum Decision: Sendable, Equatable {
    /// Goes on as asked.
    case serve
    /// Goes to another model; `x-weir-fallback` names `from`.
    case fallBack(to: ResolvedModel, from: String)
    /// Is refused with `model_disabled`: Kimi is off and no other model is there.
    case refuse
  }

  /// Decides for one model; entries of a request's `models` list are asked one by one.
  public func decide(_ model: ResolvedModel) -> Decision {
    guard !isKimiEnabled, model.isKimi else { return .serve }
    guard let fallback else { return .refuse }
    return .fallBack(to: fallback, from: model.upstreamID)
  }
}
