import WeirWire

/// Holds the tools that a request names against the rules for them.
enum ScreenTools {
  /// What an envelope must know by name.
  static let memberNames = lists + choices + ["parallel_tool_calls"]
  private static let lists = ["tools", "functions", "mcp_servers"]
  private static let choices = ["tool_choice", "function_call"]

  static func screen(
    _ rules: [ToolRule], envelope: Envelope, memberText: (Range<Int>) -> String, into record: inout ScreeningRecord
  ) throws(Refusal) {
    for name in lists {
      guard let member = envelope.member(name) else { continue }
      try screen(list: name, member.value, rules, memberText, into: &record)
    }
    for name in choices {
      guard let member = envelope.member(name) else { continue }
      let chosen: [NamedTools.Names]
      do throws(NamedTools.TooMany) {
        chosen = try NamedTools.chosen(by: Array(memberText(member.value).utf8))
      } catch { throw tooMany(place: name, &record) }
      for names in chosen {
        guard let rule = rules.forbidding(names) else { continue }
        if rule.onOffer == .refuse { throw refusal(names, place: name, &record) }
        if !record.removedMembers.contains(name) { record.removedMembers.append(name) }
      }
    }
    try screenHistory(rules.filter { $0.onHistory == .refuse }, envelope, memberText, into: &record)
    if let stripped = record.cuts.isEmpty ? record.removedMembers.first : "tools" {
      record.note(rule: "tools", action: "strip", place: stripped)
    }
  }

  /// What replies may call; nil where no rule is about replies.
  static func onReplies(_ rules: [ToolRule]) -> ToolPermissions? {
    let editing = rules.map(\.permissions).filter(\.editsReplies)
    guard let first = editing.first else { return nil }
    return editing.dropFirst().reduce(first) { $0.joined(with: $1) }
  }

  private static func screen(
    list name: String, _ range: Range<Int>, _ rules: [ToolRule], _ memberText: (Range<Int>) -> String,
    into record: inout ScreeningRecord
  ) throws(Refusal) {
    let text = Array(memberText(range).utf8)
    let found: [NamedTools.Offer]?
    do throws(NamedTools.TooMany) { found = try NamedTools.offers(in: text) } catch {
      throw tooMany(place: name, &record)
    }
    guard let offers = found else { return }
    var removed: [Int] = []
    for (index, offer) in offers.enumerated() {
      for names in offer.tools.map({ name == "mcp_servers" ? $0 + ["mcp"] : $0 }) {
        guard let rule = rules.forbidding(names) else { continue }
        if rule.onOffer == .refuse { throw refusal(names, place: "\(name)[\(index)]", &record) }
        if removed.last != index { removed.append(index) }
      }
    }
    guard !removed.isEmpty else { return }
    guard removed.count < offers.count else {
      record.removedMembers.append(name)
      // Without tools nothing is left to choose from, and upstreams refuse a choice.
      record.removedMembers += name == "functions" ? ["function_call"] : name == "tools" ? choicesOfTools : []
      return
    }
    for cut in cuts(removed, of: offers.map(\.range)) {
      record.cuts.append(range.lowerBound + cut.lowerBound..<range.lowerBound + cut.upperBound)
    }
  }

  private static let choicesOfTools = ["tool_choice", "parallel_tool_calls"]

  /// An element goes with the comma before it; the first ones, which have none, with the comma behind them.
  private static func cuts(_ removed: [Int], of elements: [Range<Int>]) -> [Range<Int>] {
    // Both are in order, so the run of removed ones from the first on is where they are the same.
    let firstKept = zip(removed, elements.indices).prefix { $0 == $1 }.count
    var cuts: [Range<Int>] = []
    if firstKept > 0, elements.indices.contains(firstKept) {
      cuts.append(elements[0].lowerBound..<elements[firstKept].lowerBound)
    }
    for index in removed where index > firstKept {
      cuts.append(elements[index - 1].upperBound..<elements[index].upperBound)
    }
    return cuts
  }

  private static func screenHistory(
    _ rules: [ToolRule], _ envelope: Envelope, _ memberText: (Range<Int>) -> String, into record: inout ScreeningRecord
  ) throws(Refusal) {
    guard !rules.isEmpty else { return }
    for member in [EnvelopeMember.messages, .input] {
      guard let range = envelope.range(of: member) else { continue }
      let call = NamedTools.firstPastCall(in: Array(memberText(range).utf8), member: member.name) { names in
        rules.forbidding(names) != nil
      }
      if let call { throw refusal(call.names, place: call.place, &record) }
    }
  }

  /// Whatever the rule does with a forbidden tool: nobody has looked at all of these.
  private static func tooMany(place: String, _ record: inout ScreeningRecord) -> Refusal {
    record.note(rule: "tools", action: "refuse", place: place)
    return Refusal(
      .toolNotAllowed, "\(place) names more than \(NamedTools.mostTools) tools", remedy: "Offer fewer of them.",
      param: place)
  }

  private static func refusal(_ names: [String], place: String, _ record: inout ScreeningRecord) -> Refusal {
    record.note(rule: "tools", action: "refuse", place: place)
    let name = names.first.map { "\(String($0.prefix(128)))" }
    return Refusal(
      .toolNotAllowed, name.map { "the tool \($0) is not allowed by this proxy" } ?? "a tool without a name is offered",
      remedy: "Leave it out, or ask the operator of this proxy which tools it allows.", param: place,
      logged: "a tool is not allowed by this proxy")
  }
}

extension [ToolRule] {
  /// The rule that forbids a tool, one that refuses before one that strips; nil where all allow it.
  fileprivate func forbidding(_ names: [String]) -> ToolRule? {
    let rules = filter { !$0.permissions.allows(names) }
    return rules.first { $0.onOffer == .refuse } ?? rules.first
  }
}
