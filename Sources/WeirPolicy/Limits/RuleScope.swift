/// A rule's scope, ready for requests, and what tells the rule from others over reloads. Never changes.
final class RuleScope: Sendable {
  /// Never given twice, so that what a request holds of a rule that is gone fits no other.
  let id: Int
  let scope: LimitScope
  private let clients: Set<String>
  private let countsClients: Bool
  private let countsUsers: Bool
  private let countsModels: Bool

  init(id: Int, scope: LimitScope) {
    self.id = id
    self.scope = scope
    clients = Set(scope.clients)
    countsClients = scope.dimensions.contains(.client)
    countsUsers = scope.dimensions.contains(.user)
    countsModels = scope.dimensions.contains(.model)
  }

  /// Whether the rule counts the subject's requests.
  func covers(_ subject: CountedSubject) -> Bool {
    guard clients.isEmpty || clients.contains(subject.client) else { return false }
    return scope.models.isEmpty || subject.model(in: scope) != nil
  }

  /// Where the rule counts the subject's requests.
  func key(_ subject: CountedSubject) -> LimitKey {
    // Sums of independent random numbers, each times an odd number of its own, meet no sooner than the numbers do.
    var fingerprint: UInt64 = 0
    if countsClients { fingerprint &+= subject.clientHash &* 0x9e37_79b9_7f4a_7c15 }
    if countsUsers { fingerprint &+= subject.userHash &* 0xbf58_476d_1ce4_e5b9 }
    if countsModels { fingerprint &+= subject.modelHash(in: scope) &* 0x94d0_49bb_1331_11eb }
    return LimitKey(rule: id, fingerprint: fingerprint)
  }
}

/// A subject as rules see it: hashed once, however many rules there are, and before the lock is taken.
struct CountedSubject: Sendable {
  let client: String
  let user: String?
  /// In lower case and without its suffix.
  let model: String
  let clientHash: UInt64
  let userHash: UInt64
  private let modelHash: UInt64
  private let asked: String
  private let others: [String]

  init(_ subject: LimitSubject) {
    asked = subject.model
    others = subject.others
    client = subject.client
    user = subject.user
    model = CountedSubject.counted(subject.model)
    clientHash = CountedSubject.hash(client)
    userHash = CountedSubject.hash(subject.user)
    modelHash = CountedSubject.hash(model)
  }

  /// The model that a rule is about: the one that is asked for, else the first of the client's own list that fits, or
  /// whoever names a model that no provider serves would get the next one past its rule. Nil where none fits.
  func model(in scope: LimitScope) -> String? {
    if scope.models.isEmpty || Self.fits(asked, model, scope) { return model }
    for other in others {
      let counted = Self.counted(other)
      if Self.fits(other, counted, scope) { return counted }
    }
    return nil
  }

  func modelHash(in scope: LimitScope) -> UInt64 {
    guard !others.isEmpty, let counted = model(in: scope), counted != model else { return modelHash }
    return CountedSubject.hash(counted)
  }

  /// Patterns may be about the model or about one of its variants (`*:free`).
  private static func fits(_ name: String, _ counted: String, _ scope: LimitScope) -> Bool {
    scope.models.contains { $0.matches(name) || $0.matches(counted) }
  }

  /// The name under which a model is counted.
  static func counted(_ model: String) -> String {
    let folded = ModelName.folded(model)
    let (base, suffix) = ModelName.split(folded)
    return suffix.isEmpty ? folded : String(base)
  }

  private static func hash(_ value: some Hashable) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(value)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}
