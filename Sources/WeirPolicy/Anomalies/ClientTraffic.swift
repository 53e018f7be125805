/// What requests of one client came to, added up.
public struct ClientTraffic: Sendable, Equatable {
  /// Requests that ended, refused ones included.
  public var requests = 0
  /// Those of them whose tokens are known.
  public var meteredRequests = 0
  /// Prompt and completion tokens of these.
  public var tokens = 0
  /// In US dollars.
  public var cost = 0.0
  /// Requests that ended in an error, weir's own or the upstream's.
  public var errors = 0

  /// Nothing.
  public init() {}

  /// Adds one request.
  ///
  /// - Parameter tokens: nil where nobody knows.
  public mutating func add(tokens: Int?, cost: Double?, isError: Bool) {
    requests += 1
    if let tokens, tokens >= 0 {
      meteredRequests += 1
      self.tokens = self.tokens.addingReportingOverflow(tokens).partialValue
    }
    if let cost, cost.isFinite, cost > 0 { self.cost += cost }
    if isError { errors += 1 }
  }

  /// Both together.
  public static func + (left: ClientTraffic, right: ClientTraffic) -> ClientTraffic {
    var sum = left
    sum += right
    return sum
  }

  static func += (left: inout ClientTraffic, right: ClientTraffic) {
    left.requests += right.requests
    left.meteredRequests += right.meteredRequests
    left.tokens = left.tokens.addingReportingOverflow(right.tokens).partialValue
    left.cost += right.cost
    left.errors += right.errors
  }
}
