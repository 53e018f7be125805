/// A client's word on a reply, from `POST /weir/feedback`.
public struct LedgerFeedback: Sendable, Equatable {
  /// Thumb up or down; the raw values are stored, and are the label `rating`.
  public enum Rating: String, Sendable, CaseIterable {
    /// The reply was good.
    case up
    /// It was not.
    case down
  }

  /// A request's id or a reply's `id`; of several requests with that id, the latest is meant.
  public var id: String
  /// Thumb up or down.
  public var rating: Rating
  /// A finer mark, in the client's own scale.
  public var score: Double?
  /// In the client's words; cut at `LedgerFeedback.maximumCommentBytes`.
  public var comment: String?
  /// Wall time of the vote, in milliseconds since 1970 UTC.
  public var timeMilliseconds: Int64

  /// Longer comments are cut at a character's border.
  public static let maximumCommentBytes = 4096

  /// A vote.
  public init(id: String, rating: Rating, score: Double? = nil, comment: String? = nil, timeMilliseconds: Int64) {
    self.id = id
    self.rating = rating
    self.score = score
    self.comment = comment
    self.timeMilliseconds = timeMilliseconds
  }
}

/// The request that a vote was about, for metrics.
public struct LedgerFeedbackReceipt: Sendable, Equatable {
  /// The request's id, also when the vote named the reply's.
  public let requestID: String
  /// The model asked of the upstream.
  public let model: String?
  /// The rollout that decided on the model.
  public let rollout: String?
  /// The variant of that rollout.
  public let variant: String?
  /// The earlier vote that this one replaced.
  public let replaced: LedgerFeedback.Rating?
}
