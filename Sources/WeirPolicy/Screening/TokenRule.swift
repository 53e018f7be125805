/// Bounds on the tokens of one request.
public struct TokenRule: Sendable, Equatable {
  /// What becomes of a request that asks for more output than its bound.
  public enum Excess: String, Sendable, CaseIterable {
    /// The request is refused.
    case refuse
    /// The upstream is asked for the bound.
    case cap
  }

  /// What becomes of a request that names no output bound.
  public enum Absence: String, Sendable, CaseIterable {
    /// It stays so.
    case pass
    /// The bound is put in.
    case cap
  }

  /// Which requests the bounds are for.
  public var scope: ScreeningScope
  /// Input tokens at most, as `TokenEstimate.input` expects them; nil bounds none.
  public var maximumInput: Int?
  /// Output tokens of one reply at most; nil bounds none.
  public var maximumOutput: Int?
  /// For more output than `maximumOutput`.
  public var over: Excess
  /// For requests that name no output bound.
  public var absent: Absence

  /// Describes bounds.
  public init(
    scope: ScreeningScope = ScreeningScope(), maximumInput: Int? = nil, maximumOutput: Int? = nil,
    over: Excess = .refuse, absent: Absence = .pass
  ) {
    self.scope = scope
    self.maximumInput = maximumInput
    self.maximumOutput = maximumOutput
    self.over = over
    self.absent = absent
  }
}
