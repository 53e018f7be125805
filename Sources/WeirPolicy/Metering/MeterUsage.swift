import WeirWire

/// Says what a request used: what the upstream reported, else an estimate.
///
/// The estimate: an event of a stream that carries output is about a token, and the prompt has what `TokenEstimate`
/// makes of the request's body. A reply that is no stream and tells nothing had the output that was expected, where a
/// limit made weir expect any. A stream of the Messages API begins with a count of output tokens that stands for
/// nothing; where its end did not come, the events count.
enum MeterUsage {
  /// - Parameter census: what the body is made of, if it is still there; asked only for an estimate that nobody made
  ///   before.
  /// - Returns: nil for a request that used nothing: refused, answered without the upstream, or failed there; and for
  ///   one whose reply nobody reads.
  static func meter(_ exchange: Exchange, census: () -> BodyCensus? = { nil }) -> MeteredUsage? {
    guard exchange.attempts > 0 else { return exchange.reading?.usage.map { reported($0) } }
    guard let reading = exchange.reading else {
      // The upstream was at work on it, and nothing came.
      if exchange.endpoint.readsBody, exchange.ending == .clientLeft(.waiting) { return MeteredUsage(.unknown) }
      return nil
    }
    if let usage = reading.usage {
      guard exchange.endpoint == .messages, exchange.isStream, !reading.sawEndMarker else { return reported(usage) }
      return MeteredUsage(
        .estimated, input: usage.input, output: max(usage.output, reading.contentEvents), cached: usage.cached,
        reasoning: usage.reasoning)
    }
    guard succeeded(exchange), reading.error == nil || reading.sawContent else { return nil }
    let input = exchange.estimate?.input ?? census().map(promptTokens)
    let output = exchange.isStream ? reading.contentEvents : exchange.estimate?.output
    guard input != nil || (output ?? 0) > 0 else { return MeteredUsage(.unknown) }
    return MeteredUsage(.estimated, input: input, output: output)
  }

  /// Whether the upstream was at work on a reply. One that is kept from the client for its tool calls was paid for, and
  /// the status that the client got is not the upstream's.
  private static func succeeded(_ exchange: Exchange) -> Bool {
    if exchange.refusal?.code == .toolNotAllowed { return true }
    return exchange.status.map { $0 < 400 } ?? false
  }

  private static func reported(_ usage: TokenUsage) -> MeteredUsage {
    MeteredUsage(
      .reported, input: usage.input, output: usage.output, cached: usage.cached, reasoning: usage.reasoning)
  }

  private static func promptTokens(_ census: BodyCensus) -> Int {
    TokenEstimate(census, requestedOutput: 0, averageOutput: 0).input
  }
}
