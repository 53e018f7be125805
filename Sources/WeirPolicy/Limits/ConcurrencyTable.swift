/// Requests in flight, by rule and key; a value. A key is kept only while a request holds it, so there are at most as
/// many as requests in flight times rules.
struct ConcurrencyTable: Sendable {
  private struct Rule: Sendable {
    var rule: ConcurrencyRule
    let scope: RuleScope
  }

  /// What makes a rule the same one over reloads.
  private struct Identity: Hashable {
    let name: String
    let scope: LimitScope
  }

  private var rules: [Rule] = []
  private var index = RuleIndex()
  private var held: [LimitKey: Int] = [:]

  /// Keys that are held by a request.
  var count: Int { held.count }

  /// A reload: requests in flight stay counted by rules that have the same name and scope.
  mutating func replace(_ new: [ConcurrencyRule], nextID: inout Int) {
    let known = Dictionary(
      rules.map { (Identity(name: $0.rule.name, scope: $0.rule.scope), $0) }, uniquingKeysWith: { first, _ in first })
    rules = new.map { rule in
      if let old = known[Identity(name: rule.name, scope: rule.scope)] {
        return Rule(rule: rule, scope: old.scope)
      }
      nextID += 1
      return Rule(rule: rule, scope: RuleScope(id: nextID, scope: rule.scope))
    }
    index = RuleIndex(clients: new.map(\.scope.clients))
    let kept = Set(rules.map(\.scope.id))
    held = held.filter { kept.contains($0.key.rule) }
  }

  /// What a request would hold; throws the first rule that has no place left.
  func plan(_ subject: CountedSubject) throws(Full) -> [LimitKey] {
    var keys: [LimitKey] = []
    for rule in index.rules(for: subject.client).lazy.map({ rules[$0] }) where rule.scope.covers(subject) {
      let key = rule.scope.key(subject)
      guard held[key, default: 0] < rule.rule.maximum else { throw Full(rule: rule.rule) }
      keys.append(key)
    }
    return keys
  }

  /// A rule that has no place left.
  struct Full: Error, Sendable, Equatable {
    let rule: ConcurrencyRule
  }

  /// The rules of a plan's keys, in their order.
  func rules(covering subject: CountedSubject) -> [ConcurrencyRule] {
    index.rules(for: subject.client).lazy.map { rules[$0] }.filter { $0.scope.covers(subject) }.map(\.rule)
  }

  /// The first of a request's rules of whose share more is held than may be, where each of so many sidecars has one.
  func overShare(_ keys: [LimitKey], _ rules: [ConcurrencyRule], sidecars: Int) -> ConcurrencyRule? {
    zip(keys, rules).first { held[$0, default: 0] > max($1.maximum / max(sidecars, 1), 1) }?.1
  }

  /// The request goes ahead.
  mutating func hold(_ keys: [LimitKey]) {
    for key in keys { held[key, default: 0] += 1 }
  }

  /// The request is over. Keys of rules that are gone since do nothing.
  mutating func release(_ keys: [LimitKey]) {
    for key in keys {
      guard let count = held[key] else { continue }
      held[key] = count > 1 ? count - 1 : nil
    }
  }
}
