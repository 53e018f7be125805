import WeirWire

/// Reads the output bound of a request, and gives it one where a hard budget needs it and it has none.
enum CapOutput {
  static func cap(_ exchange: inout Exchange, envelope: Envelope, memberText: (Range<Int>) -> String) {
    guard let cap = exchange.outputCap, exchange.outputBound == nil,
      let name = ParameterFill.maxTokensName(exchange.endpoint)
    else { return }
    // What is there is no bound: null, or a spelling that weir and the upstream may read differently.
    let unread = members(exchange.endpoint).compactMap { member in envelope.range(of: member).map { (member, $0) } }
    var named = unread.map(\.0.name)
    for (_, range) in unread { exchange.splice.replace(range, with: String(cap)) }
    if unread.isEmpty {
      exchange.splice.insertMember(name, json: String(cap), into: envelope)
      named = [name]
    }
    for name in named where !exchange.edits.contains(name) { exchange.edits.append(name) }
    exchange.warnings.append(
      "\(named.joined(separator: " and ")) was set to \(cap), since a budget applies and the request names no bound")
    exchange.outputBound = cap
  }

  /// The largest bound that the request itself names, since upstreams differ in which they take; nil without one, and
  /// where one cannot be read for sure.
  static func asked(_ envelope: Envelope, endpoint: Endpoint, _ memberText: (Range<Int>) -> String) -> Int? {
    var largest: Int?
    for member in members(endpoint) {
      guard let range = envelope.range(of: member) else { continue }
      let text = memberText(range)
      guard let bound = whole(text) else {
        if text == "null" { continue }
        return nil
      }
      largest = max(largest ?? bound, bound)
    }
    return largest
  }

  /// How many replies the request asks for; as many as may be where that cannot be read for sure.
  static func choices(_ envelope: Envelope, _ memberText: (Range<Int>) -> String) -> Int {
    guard let range = envelope.range(of: .n) else { return 1 }
    let text = memberText(range)
    return whole(text) ?? (text == "null" ? 1 : mostChoices)
  }

  private static let mostChoices = 1000

  /// A number in plain digits, which every parser reads alike.
  private static func whole(_ text: String) -> Int? {
    text.utf8.count <= 18 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  /// What the API that is called takes for a bound; others are unknown members to it.
  private static func members(_ endpoint: Endpoint) -> [EnvelopeMember] {
    switch endpoint {
    case .chatCompletions: [.maxTokens, .maxCompletionTokens]
    case .completions, .messages: [.maxTokens]
    case .responses: [.maxOutputTokens]
    case .embeddings, .models, .feedback, .other: []
    }
  }
}
