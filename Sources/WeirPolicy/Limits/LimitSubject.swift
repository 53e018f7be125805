/// What limits and budgets look at in a request.
public struct LimitSubject: Sendable, Equatable {
  /// Who asks.
  public var client: String
  /// The end user; requests without one share a count.
  public var user: String?
  /// The model that is asked of the upstream. Letter case and an OpenRouter suffix (`:online`) make no other count.
  public var model: String
  /// Where the upstream may take the request by its own list, as they are called there.
  public var others: [String]

  /// Names a subject.
  public init(client: String, user: String?, model: String, others: [String] = []) {
    self.client = client
    self.user = user
    self.model = model
    self.others = others
  }
}

/// Which count of which rule: a fingerprint of the subject's values in the rule's dimensions.
///
/// Users and models are any strings from outside, so their text is not kept: the standard library's keyed hash (SipHash with
/// a key drawn at the start of the process) stands for it. Nobody outside can aim at its 64 bits, and among a hundred
/// thousand keys two are the same by chance with a probability below 10^-9. A key takes the same room however long the
/// strings are.
struct LimitKey: Hashable, Sendable {
  /// `RuleScope.id` of the rule.
  let rule: Int
  /// Of `CountedSubject`.
  let fingerprint: UInt64

  func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
