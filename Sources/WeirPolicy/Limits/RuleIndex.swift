/// Which rules can be about a client, without a look at those that name others: there may be one for each of ten thousand
/// clients. A value.
struct RuleIndex: Sendable {
  /// Rules that name no client.
  private var general: [Int] = []
  /// Those and the client's own, in the order of the rules.
  private var named: [String: [Int]] = [:]

  /// No rules.
  init() {}

  /// The rules' clients, in the order of the rules; none means all.
  init(clients: [[String]]) {
    for (index, names) in clients.enumerated() {
      if names.isEmpty { general.append(index) }
      for name in Set(names) { named[name, default: []].append(index) }
    }
    guard !general.isEmpty else { return }
    for (name, own) in named { named[name] = (general + own).sorted() }
  }

  /// The places of the rules that may be about a client, in their order.
  func rules(for client: String) -> [Int] {
    named.isEmpty ? general : named[client] ?? general
  }
}
