import WeirWire

/// Adds a model's text to the system prompt of a request, where its API keeps that.
///
/// - Chat completions: a system message of its own before all others; the client's messages, whatever their roles and
///   the kinds of their content, stay as they are.
/// - Responses: the end of `instructions`.
/// - Messages: the end of `system`, as a block of its own where that is a list, so that a prefix that the client has
///   marked for the upstream's cache stays the same.
///
/// A value of a kind that the API does not know stays for the upstream to refuse.
enum AddSystemPrompt {
  /// The members that an envelope must know by name.
  static let memberNames = ["instructions", "system"]

  /// - Parameter addition: a JSON string, quotes included.
  static func add(
    _ exchange: Exchange, addition: String, envelope: Envelope, memberText: (Range<Int>) -> String
  ) {
    let isAdded: Bool
    let name: String
    switch exchange.endpoint {
    case .chatCompletions:
      name = "messages"
      isAdded = addMessage(addition, to: &exchange.splice, envelope: envelope, memberText)
    case .responses:
      name = "instructions"
      isAdded = addText(addition, name, takesBlocks: false, to: &exchange.splice, envelope, memberText)
    case .messages:
      name = "system"
      isAdded = addText(addition, name, takesBlocks: true, to: &exchange.splice, envelope, memberText)
    case .completions, .embeddings, .models, .feedback, .other: return
    }
    if isAdded { exchange.edits.append(name) }
  }

  private static func addMessage(
    _ addition: String, to splice: inout BodySplice, envelope: Envelope, _ memberText: (Range<Int>) -> String
  ) -> Bool {
    guard let list = envelope.range(of: .messages) else { return false }
    let opening = list.prefix(1)
    guard memberText(opening) == "[" else { return false }
    let comma = isEmptyList(list, memberText) ? "" : ","
    return splice.replace(opening, with: "[{\"role\":\"system\",\"content\":\(addition)}\(comma)")
  }

  private static func addText(
    _ addition: String, _ name: String, takesBlocks: Bool, to splice: inout BodySplice, _ envelope: Envelope,
    _ memberText: (Range<Int>) -> String
  ) -> Bool {
    guard let value = envelope.member(name)?.value else {
      splice.insertMember(name, json: addition, into: envelope)
      return true
    }
    let closing = value.suffix(1)
    switch memberText(value.prefix(1)) {
    case "n": return splice.replace(value, with: addition)
    case "\"" where value.count == 2: return splice.replace(value, with: addition)
    case "\"": return splice.replace(closing, with: "\\n\\n" + addition.dropFirst())
    case "[" where takesBlocks:
      let comma = isEmptyList(value, memberText) ? "" : ","
      return splice.replace(closing, with: "\(comma){\"type\":\"text\",\"text\":\(addition)}]")
    default: return false
    }
  }

  /// Whether only white space stands between the brackets. Reads no further than the first byte that is none, in
  /// steps that grow, since a list may be long and the white space too.
  private static func isEmptyList(_ list: Range<Int>, _ memberText: (Range<Int>) -> String) -> Bool {
    var rest = list.dropFirst()
    var step = 16
    while !rest.isEmpty {
      let blank: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
      if let first = memberText(rest.prefix(step)).utf8.first(where: { !blank.contains($0) }) {
        return first == UInt8(ascii: "]")
      }
      rest = rest.dropFirst(step)
      step *= 2
    }
    return false
  }
}
