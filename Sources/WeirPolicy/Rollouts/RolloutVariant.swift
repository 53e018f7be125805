/// One thing that a rollout moves users to.
public struct RolloutVariant: Sendable, Equatable {
  /// What the variant is called in `x-weir-rollout`, metrics and the ledger; not `incumbent`.
  public var name: String
  /// The model that its users get: a catalog name, an alias, or any name that the upstream knows.
  public var model: String
  /// Share of all users in hundredths of a percent, 0 to 10,000.
  public var share: Int
  /// Share up to which the variant grows without ever taking a bucket that another one would reach first, in
  /// hundredths of a percent; nil takes an equal part of what the others leave. See `RolloutLayout`.
  public var room: Int?
  /// False keeps the variant's users in their buckets but serves them the incumbent.
  public var isEnabled: Bool

  /// Names a variant.
  public init(name: String, model: String, share: Int, room: Int? = nil, isEnabled: Bool = true) {
    self.name = name
    self.model = model
    self.share = share
    self.room = room
    self.isEnabled = isEnabled
  }
}
