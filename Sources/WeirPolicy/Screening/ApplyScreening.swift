import WeirWire

/// Puts what screening decided into the body of an attempt, before all other edits.
enum ApplyScreening {
  static func apply(_ exchange: Exchange, envelope: Envelope) {
    guard let record = exchange.screening else { return }
    if !record.redactions.isEmpty || !record.cuts.isEmpty {
      let parts = record.redactions.map { ($0.range, $0.text) } + record.cuts.map { ($0, "") }
      exchange.splice = BodySplice(replacing: parts.sorted { $0.0.lowerBound < $1.0.lowerBound })
    }
    if !record.redactions.isEmpty { exchange.edits.append("redacted") }
    var edited = record.cuts.isEmpty ? [] : ["tools"]
    for name in record.removedMembers {
      guard let member = envelope.member(name), exchange.splice.removeMember(member, from: envelope) else { continue }
      edited.append(name == "functions" || name == "mcp_servers" ? "tools" : name)
    }
    for name in edited where !exchange.edits.contains(name) { exchange.edits.append(name) }
  }
}

extension ScreeningRecord {
  /// What is left of a body when it goes upstream; a part that is taken out counts as plain text.
  func census(of body: BodyCensus) -> BodyCensus {
    let added = redactions.reduce(0) { $0 + $1.text.utf8.count - $1.range.count }
    let cut = cuts.reduce(0) { $0 + $1.count }
    var left = body
    left.plainBytes = max(body.plainBytes + added - cut, 0)
    return left
  }

  /// A member's text as it goes upstream.
  func text(of range: Range<Int>, _ memberText: (Range<Int>) -> String) -> String {
    var text = ""
    var position = range.lowerBound
    for part in redactions where range.lowerBound <= part.range.lowerBound && part.range.upperBound <= range.upperBound
    {
      text += memberText(position..<part.range.lowerBound) + part.text
      position = part.range.upperBound
    }
    return text + memberText(position..<range.upperBound)
  }
}
