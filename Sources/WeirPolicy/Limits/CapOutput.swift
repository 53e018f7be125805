import WeirWire

/// Reads the output bound of a request, and gives it one where a hard budget needs it and it has none.
enum CapOutput {
  static func cap(_ exchange: Exchange, envelope: Envelope, memberText: (Range<Int>) -> String) {
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

  private static func count(_ text: String) -> Int { whole(text) ?? (text == "null" ? 1 : mostChoices) }

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
