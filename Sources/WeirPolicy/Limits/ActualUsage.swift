/// What a request really used.
public struct ActualUsage: Sendable, Equatable {
  /// Where the counts come from.
  public enum State: Sendable {
    /// The upstream said so.
    case reported
    /// It did not, so they are weir's own estimate; nothing is learned from them.
    case estimated
  }

  /// Prompt tokens, cached ones included.
  public var input: Int
  /// Completion tokens, those of reasoning included.
  public var output: Int
  /// What it cost, in US dollars; nil takes the prices that the request was admitted with.
  public var usd: Double?
  /// Where the counts come from.
  public var state: State

  /// Describes what was used.
  public init(input: Int, output: Int, usd: Double? = nil, state: State = .reported) {
    self.input = input
    self.output = output
    self.usd = usd
    self.state = state
  }

  /// Counts from outside, without those that cannot be.
  var clampedInput: Int { min(max(input, 0), ActualUsage.largest) }
  var clampedOutput: Int { min(max(output, 0), ActualUsage.largest) }

  private static let largest = 1_000_000_000
}

/// What came of a request's reservations.
public struct Settlement: Sendable, Equatable {
  /// Actual tokens less estimated ones; nil when nothing needed an estimate or the upstream reported no usage.
  public var estimateError: Int?
  /// What was booked as spent, in US dollars; nil when there is no budget.
  public var usd: Double?
}
