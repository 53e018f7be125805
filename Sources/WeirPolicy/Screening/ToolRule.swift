/// Which tools requests may offer and replies may call, and what becomes of others.
public struct ToolRule: Sendable, Equatable {
  /// What becomes of a forbidden tool that a request offers.
  public enum OnOffer: String, Sendable, CaseIterable {
    /// The request is refused.
    case refuse
    /// The upstream does not see the tool.
    case strip
  }

  /// What becomes of a call of a forbidden tool in an earlier turn.
  public enum OnHistory: String, Sendable, CaseIterable {
    /// It goes upstream as it is.
    case pass
    /// The request is refused.
    case refuse
  }

  /// Which requests the rule is for.
  public var scope: ScreeningScope
  /// The tools, and what becomes of calls in replies.
  public var permissions: ToolPermissions
  /// For tools that a request offers or asks for.
  public var onOffer: OnOffer
  /// For calls in earlier turns.
  public var onHistory: OnHistory

  /// Describes a rule.
  public init(
    scope: ScreeningScope = ScreeningScope(), permissions: ToolPermissions, onOffer: OnOffer = .refuse,
    onHistory: OnHistory = .pass
  ) {
    self.scope = scope
    self.permissions = permissions
    self.onOffer = onOffer
    self.onHistory = onHistory
  }
}
