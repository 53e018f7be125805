import NIOCore
import WeirPolicy
import WeirStore
import WeirWire

/// The body of `POST /weir/feedback`: a vote on a reply.
struct FeedbackRequest: Equatable {
  /// Of a request or of a reply, as the client has it.
  let id: String
  let rating: LedgerFeedback.Rating
  /// In the client's own scale.
  let score: Double?
  /// Longer ones than the ledger takes are cut there.
  let comment: String?

  /// What a vote with a comment needs, many times over.
  static let maximumBytes = 64 * 1024
  private static let names = MemberNames(["id", "rating", "score", "comment"])
  private static let example = #"Send {"id": "<the reply's id>", "rating": "up"}."#

  /// Reads a body.
  static func read(_ body: ByteBuffer, parser: EnvelopeParser) throws(Refusal) -> FeedbackRequest {
    guard body.readableBytes <= maximumBytes else {
      throw Refusal(.bodyTooLarge, "feedback is at most \(maximumBytes) bytes", remedy: "Send a shorter comment.")
    }
    let envelope = try unsafe body.withUnsafeReadableBytes {
      unsafe UnreadableBody.envelope(of: $0, finding: names, parser: parser)
    }.get()
    let members = Members(body: body, envelope: envelope)
    guard let id = try members.string("id"), !id.isEmpty, id.utf8.count <= LedgerRow.maximumTextBytes else {
      throw wrong("id", "must be the id of a reply or of a request")
    }
    guard let rating = try members.string("rating").flatMap(LedgerFeedback.Rating.init(rawValue:)) else {
      throw wrong("rating", #"must be "up" or "down""#)
    }
    return FeedbackRequest(
      id: id, rating: rating, score: try members.number("score"), comment: try members.string("comment"))
  }

  fileprivate static func wrong(_ member: String, _ rule: String) -> Refusal {
    Refusal(.invalidRequest, "the member \(member) of the feedback \(rule)", remedy: example, param: member)
  }
}

/// The members of a body that was validated; null counts as absent.
private struct Members {
  let body: ByteBuffer
  let envelope: Envelope

  func string(_ name: String) throws(Refusal) -> String? {
    guard let literal = literal(name) else { return nil }
    guard let text = JSONText.string(literal) else { throw FeedbackRequest.wrong(name, "must be a string") }
    return text
  }

  func number(_ name: String) throws(Refusal) -> Double? {
    guard let literal = literal(name) else { return nil }
    let isNumber = literal.utf8.first.map { $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }
    guard isNumber == true, let number = Double(literal), number.isFinite else {
      throw FeedbackRequest.wrong(name, "must be a number")
    }
    return number
  }

  private func literal(_ name: String) -> String? {
    guard let range = envelope.member(name)?.value,
      let text = body.getString(at: body.readerIndex + range.lowerBound, length: range.count), text != "null"
    else { return nil }
    return text
  }
}
