import WeirWire

/// Says what a request used: what the upstream reported, else an estimate, count by count.
///
/// The estimate: an event of a stream that carries output is about a token, and the prompt has what `TokenEstimate`
/// makes of the request's body. A reply that is no stream, also where one was asked for, and tells nothing had the output
/// that was expected, where a limit made weir expect any, and so had one that weir cannot read. A stream of the
/// Messages API begins with a count of output tokens that stands for nothing; where its end did not come, the events
/// count.
enum MeterUsage {
  /// - Parameter census: what the body is made of, if it is still there; asked only for an estimate that nobody made
  ///   before.
  /// - Returns: nil for a request that used nothing: refused, answered without the upstream, or failed there; and for
  ///   one of an API whose replies nobody reads.
  static func meter(_ exchange: Exchange, census: () -> BodyCensus? = { nil }) -> MeteredUsage? {
    guard exchange.attempts > 0 else { return exchange.reading?.usage.map { reported($0) } }
    func input() -> Int? { exchange.estimate?.input ?? census().map(promptTokens) }
    guard let reading = exchange.reading else { return unread(exchange, input) }
    guard let usage = reading.usage else {
      // What has a price was at work, whatever became of it.
      let hasPrice = (reading.cost ?? 0) > 0
      guard hasPrice || succeeded(exchange) && (reading.error == nil || reading.sawContent) else { return nil }
      return estimated(input(), exchange.hasStream ? reading.contentEvents : exchange.estimate?.output)
    }
    if exchange.isProvisional(reading) {
      return MeteredUsage(
        .estimated, input: usage.input, output: max(usage.output, reading.contentEvents), cached: usage.cached,
        reasoning: usage.reasoning)
    }
    var metered = reported(usage)
    if usage.untold.contains(.input) {
      metered.state = .estimated
      metered.input = input()
    }
    if usage.untold.contains(.output) {
      metered.state = .estimated
      let expected = reading.sawContent ? exchange.estimate?.output : 0
      metered.output = exchange.hasStream ? max(usage.output, reading.contentEvents) : expected
    }
    return metered
  }

  /// Nobody could read the reply, or none came.
  private static func unread(_ exchange: Exchange, _ input: () -> Int?) -> MeteredUsage? {
    guard exchange.endpoint.readsBody else { return nil }
    // The upstream was at work on it, and nothing came.
    if exchange.ending == .clientLeft(.waiting) { return MeteredUsage(.unknown) }
    // It answered in a coding that it was not asked for: it was paid all the same.
    guard let status = exchange.status, (200..<300).contains(status) else { return nil }
    return estimated(input(), exchange.estimate?.output)
  }

  private static func estimated(_ input: Int?, _ output: Int?) -> MeteredUsage {
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

extension Exchange {
  /// Whether what a reply says of its usage is what a stream of the Messages API begins with, and not what it ends with.
  func isProvisional(_ reading: ReplyReading) -> Bool {
    endpoint == .messages && hasStream && !reading.sawEndMarker
  }

  /// Whether the reply is a stream: by its own word, and where that is not known by what was asked for.
  fileprivate var hasStream: Bool { repliesAsStream ?? isStream }
}
