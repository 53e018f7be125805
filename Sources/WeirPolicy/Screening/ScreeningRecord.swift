/// What screening found in a request, and what it changes in the body. Holds no text of the request.
public struct ScreeningRecord: Sendable, Equatable {
  /// A rule that found something.
  public struct Finding: Sendable, Equatable {
    /// The rule's name; `tools` and `tokens` for these.
    public let rule: String
    /// What came of it: `block`, `redact` or `flag`; `refuse`, `strip` or `cap` for tools and tokens.
    public let action: String
    /// Where the first match stands, as `messages[3].content`.
    public let place: String
    /// Matches; of a rule that blocks, the one that the search ended with.
    public internal(set) var count: Int
  }

  /// One for each rule that found something, in the order in which they did.
  public internal(set) var findings: [Finding] = []
  /// Parts of texts that the upstream does not see, in order, none overlapping.
  var redactions: [Redaction] = []
  /// Elements of lists that the upstream does not see, with their commas.
  var cuts: [Range<Int>] = []
  /// Members that the upstream does not see.
  var removedMembers: [String] = []
  /// The strictest bound on the output of one reply.
  var outputBound: Int?
  /// Whether requests without an output bound get `outputBound`.
  var fillsOutputBound = false

  /// A part of a text and what stands in its place.
  struct Redaction: Sendable, Equatable {
    let range: Range<Int>
    /// JSON's inside of a string, escapes made.
    let text: String
  }

  mutating func note(rule: String, action: String, place: String, count: Int = 1) {
    if let known = findings.firstIndex(where: { $0.rule == rule && $0.action == action }) {
      findings[known].count += count
    } else {
      findings.append(Finding(rule: rule, action: action, place: place, count: count))
    }
  }
}
