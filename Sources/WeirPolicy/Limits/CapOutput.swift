import WeirWire

/// Reads the output bound of a request, and gives it one where a hard budget needs it and it has none.
enum CapOutput {
  /// - Parameter rules: of the model that the request is aimed at.
  static func cap(_ exchange: Exchange, envelope: Envelope, rules: [ParameterRule] = []) {
    guard let cap = exchange.outputCap, exchange.outputBound == nil,
      let (named, bound) = put(cap, in: exchange, envelope: envelope, rules: rules)
    else { return }
    exchange.warnings.append(
      "\(named.joined(separator: " and ")) was set to \(bound), since a budget applies and the request names no bound")
  }

  /// Gives a request that has no bound, or only what is none, one: null, or a spelling that weir and the upstream may
  /// read differently.
  ///
  /// - Returns: the names that the bound goes by, and the bound, which the model may want lower; nil where the model's
  ///   rules leave no place for one, and the request is as it was.
  static func put(
    _ most: Int, in exchange: Exchange, envelope: Envelope, rules: [ParameterRule]
  ) -> (names: [String], bound: Int)? {
    let names = places(exchange, envelope: envelope, rules: rules)
    guard !names.isEmpty else { return nil }
    let bound = min(
      lowered(most, names, by: rules, exchange: exchange, envelope: envelope), exchange.screening?.outputBound ?? most)
    for name in names {
      if let range = range(of: name, in: envelope), exchange.splice.replace(range, with: String(bound)) { continue }
      exchange.splice.insertMember(name, json: String(bound), into: envelope)
    }
    for name in names where !exchange.edits.contains(name) { exchange.edits.append(name) }
    exchange.outputBound = bound
    return (names, bound)
  }

  /// Where a bound that weir chooses goes: the members for it that go upstream, else one of the name that the model's
  /// rules make of the API's; none where they drop that.
  static func places(_ exchange: Exchange, envelope: Envelope, rules: [ParameterRule]) -> [String] {
    guard let usual = ParameterFill.maxTokensName(exchange.endpoint) else { return [] }
    let sent = members(exchange.endpoint).map(\.name).filter { name in
      exchange.splice.inserts(name)
        || range(of: name, in: envelope).map { !exchange.splice.removes($0) } ?? false
    }
    if !sent.isEmpty { return sent }
    return followed(usual, by: rules, at: exchange.endpoint).map { [$0.name] } ?? []
  }

  /// The most that the model takes, where a rule says so. What a rule wants at least is not regarded: the bound holds.
  private static func lowered(
    _ bound: Int, _ names: [String], by rules: [ParameterRule], exchange: Exchange, envelope: Envelope
  ) -> Int {
    names.reduce(bound) { bound, name in
      // What the client does not say was called as the API calls it before the rules came.
      let usual = range(of: name, in: envelope) == nil ? ParameterFill.maxTokensName(exchange.endpoint) : nil
      let ways = [usual, name].compactMap { $0.flatMap { followed($0, by: rules, at: exchange.endpoint) } }
      return min(bound, ways.first { $0.name == name }?.most ?? bound)
    }
  }

  /// What rules make of a member, one after the other: its name, and the most that it may be; nil where they drop it.
  private static func followed(
    _ name: String, by rules: [ParameterRule], at endpoint: Endpoint
  ) -> (name: String, most: Int)? {
    var (name, most) = (name, Int.max)
    for rule in rules where rule.endpoints?.contains(endpoint) ?? true {
      switch rule.action {
      case .rename(name, to: let other): name = other
      case .drop(name): return nil
      case .clamp(name, _, let highest?):
        if let bound = Int(exactly: highest.rounded(.down)), bound > 0 { most = min(most, bound) }
      default: continue
      }
    }
    return (name, most)
  }

  private static func range(of name: String, in envelope: Envelope) -> Range<Int>? {
    EnvelopeMember.allCases.first { $0.name == name }.flatMap { envelope.range(of: $0) }
  }

  /// The largest bound that the request names, since upstreams differ in which they take; nil without one, and where one
  /// cannot be read for sure.
  ///
  /// - Parameter edits: what the model's rules made of the request.
  static func asked(
    _ envelope: Envelope, endpoint: Endpoint, edits: [ParameterEdit] = [], _ memberText: (Range<Int>) -> String
  ) -> Int? {
    let members = members(endpoint)
    var texts: [String] = []
    for member in members {
      let edit = edits.first { $0.name == member.name }
      if let text = edit.map({ $0.json }) ?? envelope.range(of: member).map(memberText) { texts.append(text) }
    }
    // A rule that says its endpoints may give the bound a name that only the operator knows of.
    for edit in edits where ParameterFill.maxTokensNames.contains(edit.name) {
      if !members.contains(where: { $0.name == edit.name }), let text = edit.json { texts.append(text) }
    }
    var largest: Int?
    for text in texts where text != "null" {
      guard let bound = whole(text) else { return nil }
      largest = max(largest ?? bound, bound)
    }
    return largest
  }

  /// How many replies the upstream makes for the request, at most; as many as may be where that cannot be read for sure.
  static func choices(_ envelope: Envelope, endpoint: Endpoint, _ memberText: (Range<Int>) -> String) -> Int {
    let ranges = [envelope.range(of: .n), envelope.member(bestOf)?.value]
    let replies = ranges.map { $0.map { count(memberText($0)) } ?? 1 }.max() ?? 1
    guard endpoint == .completions, let prompt = envelope.range(of: .prompt) else { return replies }
    return min(replies * prompts(memberText(prompt)), mostChoices)
  }

  /// What an envelope must know by name: `/completions` makes so many replies and shows the best.
  static let memberNames = [bestOf]
  private static let bestOf = "best_of"

  /// At most as many as may be, so that it can be multiplied.
  private static func count(_ text: String) -> Int {
    min(whole(text) ?? (text == "null" ? 1 : mostChoices), mostChoices)
  }

  /// A list of texts, or of lists of tokens, is as many prompts; a list of tokens is one. At most as many as may be.
  private static func prompts(_ text: String) -> Int {
    var (depth, count) = (0, 0)
    var (isInString, isEscaped) = (false, false)
    for byte in text.utf8 where count < mostChoices {
      if isInString {
        isInString = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        isInString = true
        if depth == 1 { count += 1 }
      case UInt8(ascii: "["):
        if depth == 1 { count += 1 }
        depth += 1
      case UInt8(ascii: "]"): depth -= 1
      default: break
      }
    }
    return max(count, 1)
  }

  private static let mostChoices = 1000

  /// A number in plain digits, which every parser reads alike.
  static func whole(_ text: String) -> Int? {
    text.utf8.count <= 18 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  /// What the API that is called takes for a bound; others are unknown members to it.
  static func members(_ endpoint: Endpoint) -> [EnvelopeMember] {
    switch endpoint {
    case .chatCompletions: [.maxTokens, .maxCompletionTokens]
    case .completions, .messages: [.maxTokens]
    case .responses: [.maxOutputTokens]
    case .embeddings, .models, .feedback, .other: []
    }
  }
}
