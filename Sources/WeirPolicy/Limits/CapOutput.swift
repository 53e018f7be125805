import WeirWire

/// Gives a request the output bound that a hard budget needs, where it has none.
enum CapOutput {
  static func cap(_ exchange: inout Exchange, envelope: Envelope, memberText: (Range<Int>) -> String) {
    guard let cap = exchange.outputCap, exchange.outputBound == nil,
      let name = ParameterFill.maxTokensName(exchange.endpoint), !envelope.hasMaxTokens
    else { return }
    exchange.splice.insertMember(name, json: String(cap), into: envelope)
    exchange.edits.append(name)
    exchange.warnings.append("\(name) was set to \(cap), since a budget applies and the request names no bound")
    exchange.outputBound = cap
  }

  /// The largest bound that the request itself names, since upstreams differ in which they take; nil without one.
  static func asked(_ envelope: Envelope, _ memberText: (Range<Int>) -> String) -> Int? {
    let members: [EnvelopeMember] = [.maxTokens, .maxCompletionTokens, .maxOutputTokens]
    return members.compactMap { envelope.range(of: $0) }.compactMap { Int(memberText($0)) }.max()
  }
}
