import WeirWire

/// Asks an upstream that tells a stream's usage only on demand to tell it (`stream_options.include_usage`, OpenAI's API
/// reference, "Create chat completion"). The client that did not ask does not see the answer.
enum AskStreamUsage {
  /// As in the body and in `x-weir-edits`.
  private static let member = "stream_options"
  private static let usage = #""include_usage":true"#

  static func ask(
    _ exchange: Exchange, envelope: Envelope, policy: PolicySnapshot, memberText: (Range<Int>) -> String
  ) {
    guard envelope.isStream, !envelope.includesStreamUsage,
      exchange.endpoint == .chatCompletions || exchange.endpoint == .completions,
      let target = exchange.aim.flatMap({ exchange.plan.target($0) }),
      policy.upstreams.indices.contains(target.upstream), policy.upstreams[target.upstream].needsUsageAsked,
      !exchange.edits.contains(member)
    else { return }
    guard add(&exchange.splice, envelope, memberText) else { return }
    exchange.edits.append(member)
    exchange.hidesStreamUsage = true
  }

  /// False where the member is nothing that the upstream would take either, or a rule of the model's has changed it.
  private static func add(
    _ splice: inout BodySplice, _ envelope: Envelope, _ memberText: (Range<Int>) -> String
  ) -> Bool {
    guard let range = envelope.range(of: .streamOptions) else {
      splice.insertMember(member, json: "{\(usage)}", into: envelope)
      return true
    }
    if let usage = envelope.streamUsageRange { return splice.replace(usage, with: "true") }
    let text = memberText(range)
    if text == "null" { return splice.replace(range, with: "{\(usage)}") }
    guard text.utf8.first == UInt8(ascii: "{") else { return false }
    let inside = text.utf8.dropFirst().dropLast()
    let isEmpty = inside.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    let start = range.lowerBound + 1
    return splice.replace(start..<start, with: isEmpty ? usage : usage + ",")
  }
}
