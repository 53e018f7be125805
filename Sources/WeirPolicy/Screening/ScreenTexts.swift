import WeirWire

/// Looks for the rules' content in the texts of a request.
enum ScreenTexts {
  static func screen(
    _ screening: ScreeningPolicy, envelope: Envelope, memberText: (Range<Int>) -> String,
    into record: inout ScreeningRecord, threadTime: @escaping () -> Int64, covers: (ScreeningScope) -> Bool
  ) throws(Refusal) {
    guard let patterns = screening.patterns else { return }
    let applies = screening.rules.map { covers($0.scope) }
    guard applies.contains(true) else { return }
    let probes = screening.detectors.map { applies[$0.rule] ? $0.probe : nil }
    var findings = Findings(count: screening.rules.count)
    var body = memberText(0..<envelope.objectEnd + 1)
    let isThrough = body.withUTF8 { bytes in
      unsafe RequestScreen.search(UnsafeRawBufferPointer(bytes), for: patterns, probes, time: threadTime) { match in
        let rule = screening.detectors[match.pattern].rule
        findings.add(match, rule: rule, isRedacted: screening.rules[rule].action == .redact)
        return screening.rules[rule].action == .block ? .stop : .goOn
      }
    }
    for found in findings.order {
      let rule = screening.rules[found]
      let (place, count) = (findings.places[found], findings.counts[found])
      record.note(rule: rule.name, action: rule.action.rawValue, place: place, count: count)
      if rule.action == .block { throw refusal(rule, place) }
    }
    // What nobody has looked at may hold anything; a rule that only flags lets it pass.
    if !isThrough {
      let strict = screening.rules.indices.first { applies[$0] && screening.rules[$0].action != .flag }
      if let strict { throw tooMuch(screening.rules[strict], findings.places[strict], into: &record) }
    }
    record.redactions = findings.merged.map { part in
      ScreeningRecord.Redaction(range: part.range, text: screening.placeholders[part.rule])
    }
  }

  private static func refusal(_ rule: ContentRule, _ place: String) -> Refusal {
    Refusal(
      .contentBlocked, "the rule \(rule.name) of this proxy does not let \(place) pass",
      remedy: "Take out of it what the rule is about, or ask the operator.", param: place)
  }

  private static func tooMuch(_ rule: ContentRule, _ place: String, into record: inout ScreeningRecord) -> Refusal {
    record.note(rule: rule.name, action: ContentRule.Action.block.rawValue, place: place)
    return Refusal(
      .contentBlocked, "the request has more texts than this proxy can look through in the time that it takes for that",
      remedy: "Send less at once, or ask the operator.")
  }

  /// What the search brought, by rule.
  private struct Findings {
    /// The rules that found something, in the order in which they did.
    private(set) var order: [Int] = []
    private(set) var counts: [Int]
    /// Of each rule's first match.
    private(set) var places: [String]
    private var parts: [(range: Range<Int>, rule: Int)] = []

    init(count: Int) {
      counts = [Int](repeating: 0, count: count)
      places = [String](repeating: "", count: count)
    }

    mutating func add(_ match: RequestScreen.Match, rule: Int, isRedacted: Bool) {
      if counts[rule] == 0 {
        order.append(rule)
        places[rule] = match.text
      }
      counts[rule] += 1
      if isRedacted { parts.append((match.range, rule)) }
    }

    /// The parts to take out, in order; of those that overlap, one, for the rule that comes first in the file.
    var merged: [(range: Range<Int>, rule: Int)] {
      var merged: [(range: Range<Int>, rule: Int)] = []
      for part in parts.sorted(by: { ($0.range.lowerBound, $0.rule) < ($1.range.lowerBound, $1.rule) }) {
        if let last = merged.last, part.range.lowerBound < last.range.upperBound {
          let end = max(last.range.upperBound, part.range.upperBound)
          merged[merged.count - 1] = (last.range.lowerBound..<end, min(last.rule, part.rule))
        } else {
          merged.append(part)
        }
      }
      return merged
    }
  }
}
