import WeirWire

/// Mends what a reply that broke off says of its usage.
enum CorrectReading {
  /// A stream of the Messages API begins with a count of output tokens that stands for nothing, and ends with the real
  /// one. Where the end did not come, each event of content counts as a token.
  static func correct(_ reading: ReplyReading, _ exchange: Exchange) -> ReplyReading {
    guard exchange.endpoint == .messages, exchange.isStream, !reading.sawEndMarker, let usage = reading.usage else {
      return reading
    }
    var reading = reading
    reading.usage?.output = max(usage.output, reading.contentEvents)
    return reading
  }
}
