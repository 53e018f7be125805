/// Moves a share of users from incumbent models to others; an immutable value.
///
/// Who gets what, in this order: a rollout that is off serves everybody the incumbent; an override where the
/// configuration allows it; a pinned user; the user's bucket (`RolloutBucket`), or that of a random number when no
/// user is known; the variant that the bucket belongs to (`RolloutLayout`, with the guarantees for raising shares).
public struct Rollout: Sendable, Equatable {
  /// Names the rollout in headers, metrics and commands, and salts its buckets.
  public let name: String
  /// Incumbent models: names as clients write them, or patterns with `*`.
  public let from: [String]
  /// What users are moved to, in an order that the buckets depend on.
  public let variants: [RolloutVariant]
  /// Users who get a variant, or `incumbent`, whatever their bucket.
  public let pins: [String: String]
  /// Whether clients may choose by `x-weir-variant`.
  public let allowsOverride: Bool
  /// False serves everybody the incumbent; buckets stay.
  public let isEnabled: Bool

  private let salt: UInt64
  private let layout: RolloutLayout

  /// Throws the first thing that makes the rollout impossible.
  public init(
    name: String, from: [String], variants: [RolloutVariant], pins: [String: String] = [:],
    allowsOverride: Bool = false, isEnabled: Bool = true
  ) throws(RolloutProblem) {
    try Rollout.check(name: name, from: from, variants: variants, pins: pins)
    self.name = name
    self.from = from
    self.variants = variants
    self.pins = pins
    self.allowsOverride = allowsOverride
    self.isEnabled = isEnabled
    self.salt = RolloutBucket.salt(name)
    self.layout = RolloutLayout(variants)
  }

  /// Share of all users that any variant gets, in hundredths of a percent: `weir_rollout_percent` times 100.
  public var share: Int { variants.reduce(0) { $0 + $1.share } }

  /// Each variant's share in hundredths of a percent.
  public var shares: [String: Int] {
    Dictionary(variants.map { ($0.name, $0.share) }, uniquingKeysWith: { first, _ in first })
  }

  /// Decides for one request.
  ///
  /// A nil or empty `user` is nobody: `random`, 64 evenly spread bits, stands in, and the assignment is not
  /// sticky. `override` is the wanted variant; one that the rollout does not have, or does not allow, is ignored.
  public func assign(user: String?, random: UInt64, override: String? = nil) -> RolloutAssignment {
    let user = user.flatMap { $0.isEmpty ? nil : $0 }
    guard isEnabled else { return incumbent(.disabled, bucket: nil) }
    if allowsOverride, let override, let chosen = named(override, .override) { return chosen }
    if let user, !pins.isEmpty, let pin = pins[user], let pinned = named(pin, .pinned) { return pinned }
    let bits = user.map { RolloutBucket.hash(salt: salt, user: $0) } ?? random
    let bucket = RolloutBucket.of(bits)
    let reason = user == nil ? RolloutAssignment.Reason.random : .bucket
    guard let index = layout.variant(of: bucket) else { return incumbent(reason, bucket: bucket) }
    return assignment(variants[index], reason, bucket: bucket)
  }

  /// The same rollout with other shares.
  public func setting(shares: [String: Int]) throws(RolloutProblem) -> Rollout {
    for variant in shares.keys.sorted() where !variants.contains(where: { $0.name == variant }) {
      throw .unknownVariant(rollout: name, variant: variant, known: variants.map(\.name))
    }
    let changed = variants.map { variant in
      var variant = variant
      variant.share = shares[variant.name] ?? variant.share
      return variant
    }
    try Rollout.check(name: name, from: from, variants: changed, pins: pins)
    return Rollout(self, variants: changed, layout: RolloutLayout(changed), isEnabled: isEnabled)
  }

  /// The same rollout on or off; its buckets stay, so that switching on again serves the same users.
  public func setting(isEnabled: Bool) -> Rollout {
    Rollout(self, variants: variants, layout: layout, isEnabled: isEnabled)
  }

  /// The same rollout with those variants off whose model `isOff`.
  public func disabling(where isOff: (String) -> Bool) -> Rollout {
    let changed = variants.map { variant in
      var variant = variant
      if isOff(variant.model) { variant.isEnabled = false }
      return variant
    }
    return Rollout(self, variants: changed, layout: layout, isEnabled: isEnabled)
  }

  private init(_ other: Rollout, variants: [RolloutVariant], layout: RolloutLayout, isEnabled: Bool) {
    name = other.name
    from = other.from
    pins = other.pins
    allowsOverride = other.allowsOverride
    salt = other.salt
    self.variants = variants
    self.layout = layout
    self.isEnabled = isEnabled
  }

  private func named(_ variant: String, _ reason: RolloutAssignment.Reason) -> RolloutAssignment? {
    if variant == RolloutAssignment.incumbent { return incumbent(reason, bucket: nil) }
    return variants.first { $0.name == variant }.map { assignment($0, reason, bucket: nil) }
  }

  private func assignment(
    _ variant: RolloutVariant, _ reason: RolloutAssignment.Reason, bucket: Int?
  ) -> RolloutAssignment {
    guard variant.isEnabled else { return incumbent(.disabled, bucket: bucket) }
    return RolloutAssignment(
      rollout: name, variant: variant.name, model: variant.model, reason: reason, bucket: bucket)
  }

  private func incumbent(_ reason: RolloutAssignment.Reason, bucket: Int?) -> RolloutAssignment {
    RolloutAssignment(
      rollout: name, variant: RolloutAssignment.incumbent, model: nil, reason: reason, bucket: bucket)
  }
}

extension Rollout {
  /// The rollout that the environment alone describes: `KIMI_ROLLOUT_FROM` to the variant `kimi`, which is
  /// `KIMI_MODEL_ID`, for `KIMI_ROLLOUT_PERCENTAGE`.
  ///
  /// The kill switch is not part of it: `RolloutTable` switches off the variants that are Kimi models.
  public static func kimi(hundredths: Int, from: [String], modelID: String) throws(RolloutProblem) -> Rollout {
    try Rollout(
      name: "kimi", from: from,
      variants: [RolloutVariant(name: "kimi", model: modelID, share: hundredths)])
  }

  private static func check(
    name: String, from: [String], variants: [RolloutVariant], pins: [String: String]
  ) throws(RolloutProblem) {
    if name.isEmpty { throw .emptyName }
    if !from.contains(where: { !$0.isEmpty }) { throw .noIncumbents(rollout: name) }
    if variants.isEmpty { throw .noVariants(rollout: name) }
    var names: Set<String> = [RolloutAssignment.incumbent, ""]
    let whole = 0...RolloutBucket.count
    for variant in variants {
      guard names.insert(variant.name).inserted else {
        throw .invalidVariantName(rollout: name, variant: variant.name)
      }
      for hundredths in [variant.share, variant.room ?? 0] where !whole.contains(hundredths) {
        throw .shareOutOfRange(rollout: name, variant: variant.name, hundredths: hundredths)
      }
    }
    let share = variants.reduce(0) { $0 + $1.share }
    if share > RolloutBucket.count { throw .sharesOverWhole(rollout: name, hundredths: share) }
    let room = variants.reduce(0) { $0 + ($1.room ?? 0) }
    if room > RolloutBucket.count { throw .roomsOverWhole(rollout: name, hundredths: room) }
    for variant in Set(pins.values).sorted() where variant.isEmpty || !names.contains(variant) {
      throw .unknownPin(rollout: name, variant: variant)
    }
  }
}
