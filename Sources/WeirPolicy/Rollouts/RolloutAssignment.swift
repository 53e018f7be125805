/// What a rollout decided for one request.
public struct RolloutAssignment: Sendable, Equatable {
  /// Why the request got its variant.
  public enum Reason: String, Sendable, CaseIterable {
    /// The user's bucket.
    case bucket
    /// Nobody is known; the bucket of the random number that was passed in.
    case random
    /// The configuration pins the user.
    case pinned
    /// The header `x-weir-variant`.
    case override
    /// The rollout, or the variant that the user belongs to, is switched off.
    case disabled
  }

  /// The rollout's name.
  public let rollout: String
  /// The variant's name, `incumbent` for those who stay.
  public let variant: String
  /// The variant's model as the rollout names it; nil for the incumbent.
  public let model: String?
  /// Why.
  public let reason: Reason
  /// 0 to 9,999 where a bucket was asked.
  public let bucket: Int?

  /// What the variant of those who stay is called.
  public static let incumbent = "incumbent"

  /// Whether the same user gets the same variant next time; false only where a random number decided.
  public var isSticky: Bool { reason != .random }
  /// `name=variant`, the response header `x-weir-rollout`.
  public var headerValue: String { "\(rollout)=\(variant)" }
}
