/// What may be spent in a UTC day or month.
public struct BudgetRule: Sendable, Equatable {
  /// How long the budget lasts; both begin at midnight UTC.
  public enum Period: String, Sendable {
    case day, month
  }

  /// Whose spending counts.
  public enum Owner: Sendable, Equatable {
    /// Each client has the whole budget for itself; empty names mean every client.
    case eachClient([String])
    /// All clients share it.
    case everyone
  }

  /// What messages and the label `limit` call it.
  public var name: String
  /// How long it lasts.
  public var period: Period
  /// Whose spending counts.
  public var owner: Owner
  /// US dollars; nil bounds no money.
  public var usd: Double?
  /// Input and output tokens together; nil bounds no tokens.
  public var tokens: Int?
  /// True refuses requests that could go over it; false only says that it is used up.
  public var isHard: Bool

  /// Describes a budget.
  public init(
    name: String, period: Period, owner: Owner, usd: Double? = nil, tokens: Int? = nil, isHard: Bool = true
  ) {
    self.name = name
    self.period = period
    self.owner = owner
    self.usd = usd
    self.tokens = tokens
    self.isHard = isHard
  }
}
