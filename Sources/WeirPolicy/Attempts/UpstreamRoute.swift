/// What the policy knows of an upstream: its names, never its key.
public struct UpstreamRoute: Sendable, Equatable {
  /// What the configuration calls it; the one of `WEIR_UPSTREAM_URL` is `default`.
  public let id: String
  /// What headers, metrics and logs call it: the host of the default one, the others' ids.
  public let name: String
  /// What it calls models, by the id that weir would send otherwise, letter case ignored.
  public let modelNames: [String: String]
  /// Serves Kimi models after the default upstream, without being named by them.
  public let backsKimi: Bool
  /// Tells the usage of a stream only where it is asked to, so that weir asks for it.
  public let needsUsageAsked: Bool

  /// The id of the upstream of `WEIR_UPSTREAM_URL`.
  public static let defaultID = "default"

  /// Describes an upstream.
  public init(
    id: String, name: String, modelNames: [String: String] = [:], backsKimi: Bool = false,
    needsUsageAsked: Bool = false
  ) {
    self.id = id
    self.name = name
    self.modelNames = Dictionary(
      modelNames.map { (ModelName.folded($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    self.backsKimi = backsKimi
    self.needsUsageAsked = needsUsageAsked
  }

  /// What the upstream calls a model.
  public func name(of model: String) -> String {
    modelNames.isEmpty ? model : modelNames[ModelName.folded(model)] ?? model
  }
}
