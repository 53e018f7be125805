/// One change of a rollout while weir runs: what the state file keeps and the audit log says.
public struct FlipRecord: Sendable, Equatable {
  /// What was changed.
  public enum Change: Sendable, Equatable {
    /// The share of all variants together, in hundredths of a percent, split as the last named shares.
    case percent(from: Int, to: Int)
    /// The shares of all variants by name, in hundredths of a percent.
    case shares(from: [String: Int], to: [String: Int])
    /// Switched on or off.
    case enabled(from: Bool, to: Bool)
    /// Back to what the configuration says, from these shares to those.
    case reset(from: [String: Int], to: [String: Int])
  }

  /// The rollout's name.
  public let rollout: String
  /// What was changed, from what to what.
  public let change: Change
  /// Who asked, as the admin listener or the command knows it.
  public let who: String
  /// When, in milliseconds since 1970 UTC, as the caller's clock says.
  public let when: Int64

  /// Names a change.
  public init(rollout: String, change: Change, who: String, when: Int64) {
    self.rollout = rollout
    self.change = change
    self.who = who
    self.when = when
  }
}
