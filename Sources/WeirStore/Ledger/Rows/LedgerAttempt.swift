/// One request that weir sent upstream for a client's request.
public struct LedgerAttempt: Sendable, Equatable {
  /// What headers and metrics call the upstream.
  public var upstream: String
  /// The model as it was sent; nil when the request names none.
  public var model: String?
  /// Of its reply; nil where no head came.
  public var status: Int?
  /// Why it was no success, as in the label `reason`; nil for one.
  public var failure: String?
  /// From its start to its end.
  public var durationMicroseconds: Int64

  /// An attempt that is over.
  public init(
    upstream: String, model: String? = nil, status: Int? = nil, failure: String? = nil, durationMicroseconds: Int64
  ) {
    self.upstream = upstream
    self.model = model
    self.status = status
    self.failure = failure
    self.durationMicroseconds = durationMicroseconds
  }
}
