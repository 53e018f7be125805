/// What a model name in a request means. An object: the catalog's answers are ready-made, and handed on along the way.
public final class ResolvedModel: Sendable, Equatable {
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

  init(
    upstreamID: String, isKimi: Bool, isKnown: Bool, catalogID: String?, wasRewritten: Bool, takesKimiTemperature: Bool
  ) {
    self.upstreamID = upstreamID
    self.isKimi = isKimi
    self.isKnown = isKnown
    self.catalogID = catalogID
    self.wasRewritten = wasRewritten
    self.takesKimiTemperature = takesKimiTemperature
  }

  /// Whether both mean the same.
  public static func == (one: ResolvedModel, other: ResolvedModel) -> Bool {
    one === other
      || one.upstreamID == other.upstreamID && one.isKimi == other.isKimi && one.isKnown == other.isKnown
        && one.catalogID == other.catalogID && one.wasRewritten == other.wasRewritten
        && one.takesKimiTemperature == other.takesKimiTemperature
  }

  /// The same model, to be sent instead of the name `asked` that the request has.
  func replacing(_ asked: String) -> ResolvedModel {
    ResolvedModel(
      upstreamID: upstreamID, isKimi: isKimi, isKnown: isKnown, catalogID: catalogID,
      wasRewritten: upstreamID != asked, takesKimiTemperature: takesKimiTemperature)
  }
}
