/// What one owner has spent in one period, as it is saved over restarts.
public struct SavedSpending: Sendable, Equatable {
  /// Whose spending; nil is everyone's together.
  public var client: String?
  /// Day or month, of UTC.
  public var period: BudgetRule.Period
  /// When the period began, in seconds since 1970.
  public var start: Int64
  /// Billionths of a US dollar.
  public var nanoUSD: Int64
  /// Input and output tokens together.
  public var tokens: Int64

  /// Describes spending.
  public init(client: String?, period: BudgetRule.Period, start: Int64, nanoUSD: Int64, tokens: Int64) {
    self.client = client
    self.period = period
    self.start = start
    self.nanoUSD = nanoUSD
    self.tokens = tokens
  }
}
