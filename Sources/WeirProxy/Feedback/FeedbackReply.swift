import WeirStore
import WeirWire

/// What whoever voted gets to know: which model and variant the vote counts for.
struct FeedbackReply: Sendable, Equatable {
  /// As voted for.
  let id: String
  let model: String?
  let variant: String?
  let rating: LedgerFeedback.Rating
  /// Whether there was an earlier vote on the same request.
  let isReplaced: Bool

  /// The body of the answer.
  var json: [UInt8] {
    var line = JSONLine()
    line.add("id", id)
    line.add("model", json: Self.text(model))
    line.add("variant", json: Self.text(variant))
    line.add("rating", rating.rawValue)
    line.add("replaced", isReplaced)
    return line.finish()
  }

  private static func text(_ text: String?) -> [UInt8] { Array((text.map(JSONText.quoted) ?? "null").utf8) }
}
