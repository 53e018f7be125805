import WeirWire

/// Holds the tokens of a request against their bounds.
enum BoundTokens {
  static func screen(
    _ bounds: [TokenRule], endpoint: Endpoint, envelope: Envelope, census: () -> BodyCensus,
    memberText: (Range<Int>) -> String, into record: inout ScreeningRecord
  ) throws(Refusal) {
    if let most = bounds.compactMap(\.maximumInput).min() {
      let input = TokenEstimate(record.census(of: census()), requestedOutput: 0, averageOutput: 0).input
      if input > most { throw tooMuchInput(input, most, &record) }
    }
    guard ParameterFill.maxTokensName(endpoint) != nil else { return }
    if let most = bounds.filter({ $0.over == .refuse }).compactMap(\.maximumOutput).min() {
      for member in CapOutput.members(endpoint) {
        guard let range = envelope.range(of: member) else { continue }
        let text = memberText(range)
        guard text != "null" else { continue }
        let asked = CapOutput.whole(text)
        if asked ?? .max > most { throw tooMuchOutput(member.name, asked, most, &record) }
      }
    }
    record.outputBound = bounds.compactMap(\.maximumOutput).min()
    record.fillsOutputBound = bounds.contains { $0.absent == .cap && $0.maximumOutput != nil }
  }

  /// Lowers the output bound of the body that goes upstream, whoever made it: the client, or a rule for the model.
  static func lower(
    _ exchange: Exchange, envelope: Envelope, rules: [ParameterRule], memberText: (Range<Int>) -> String
  ) {
    guard let most = exchange.screening?.outputBound, ParameterFill.maxTokensName(exchange.endpoint) != nil,
      exchange.outputBound ?? .max > most
    else { return }
    var lowered: [String] = []
    for member in CapOutput.members(exchange.endpoint) {
      if exchange.splice.inserts(member.name) {
        exchange.splice.insertMember(member.name, json: String(most), into: envelope)
      } else {
        guard let range = envelope.range(of: member) else { continue }
        let text = memberText(range)
        let isEdited = exchange.edits.contains(member.name)
        guard isEdited || text != "null" && CapOutput.whole(text) ?? .max > most,
          exchange.splice.replace(range, with: String(most))
        else { continue }
      }
      lowered.append(member.name)
    }
    if lowered.isEmpty, exchange.screening?.fillsOutputBound == true {
      lowered = CapOutput.put(most, in: exchange, envelope: envelope, rules: rules)?.names ?? []
    }
    guard !lowered.isEmpty else { return }
    for name in lowered where !exchange.edits.contains(name) { exchange.edits.append(name) }
    exchange.warnings.append("\(lowered.joined(separator: " and ")) was set to \(most), the most that is allowed here")
    exchange.outputBound = min(exchange.outputBound ?? most, most)
    // Each attempt is edited anew, and the request is counted once.
    if exchange.screening?.findings.contains(where: { $0.rule == "tokens" }) == false {
      exchange.screening?.note(rule: "tokens", action: "cap", place: lowered[0])
    }
  }

  private static func tooMuchInput(_ input: Int, _ most: Int, _ record: inout ScreeningRecord) -> Refusal {
    record.note(rule: "tokens", action: "refuse", place: "input")
    return Refusal(
      .tokenLimitExceeded, "the request has about \(input) input tokens, and \(most) are allowed",
      remedy: "Send less text, or ask the operator of this proxy.")
  }

  private static func tooMuchOutput(
    _ name: String, _ asked: Int?, _ most: Int, _ record: inout ScreeningRecord
  ) -> Refusal {
    record.note(rule: "tokens", action: "refuse", place: name)
    let what = asked.map { "\(name) is \($0), and \(most) output tokens are allowed" }
    return Refusal(
      .tokenLimitExceeded, what ?? "\(name) is no whole number in plain digits, and \(most) output tokens are allowed",
      remedy: "Ask for at most \(most), or ask the operator of this proxy.", param: name)
  }
}
