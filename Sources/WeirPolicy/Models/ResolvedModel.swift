/// What a model name in a request means.
public struct ResolvedModel: Sendable, Equatable {
  /// What to send upstream; the asked name itself unless an alias or the letter case of an id was rewritten.
  public let upstreamID: String
  /// Whether the kill switch and the Kimi settings mean it, listed or not.
  public let isKimi: Bool
  /// Whether the catalog has it.
  public let isKnown: Bool
  /// The catalog's id without a suffix; nil when not listed.
  public let catalogID: String?
  /// Whether `upstreamID` differs from what was asked.
  public let wasRewritten: Bool
  /// Whether `KIMI_K2_TEMPERATURE` may be filled in: Kimi, and not one that takes a single temperature.
  public let takesKimiTemperature: Bool

  /// The same model, to be sent instead of the name `asked` that the request has.
  func replacing(_ asked: String) -> ResolvedModel {
    ResolvedModel(
      upstreamID: upstreamID, isKimi: isKimi, isKnown: isKnown, catalogID: catalogID,
      wasRewritten: upstreamID != asked, takesKimiTemperature: takesKimiTemperature)
  }
}
