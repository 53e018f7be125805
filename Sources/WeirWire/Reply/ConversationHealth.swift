/// Something about a whole reply that users of a conversation would call wrong; the names are label values.
public enum ReplyAnomaly: String, Sendable, CaseIterable {
  /// The model, or a filter in its place, refused.
  case refusal
  /// Neither text nor tool calls; reasoning may be there.
  case empty
  /// Cut at the token limit.
  case truncated
  /// Ended, or kept from being, by a content filter.
  case filtered = "content_filtered"
  /// Tool calls whose finish reason does not say so, so that clients that go by it drop them (seen of Kimi's vendors).
  case unannouncedToolCalls = "unannounced_tool_calls"
  /// A finish reason that promises tool calls which are not there.
  case missingToolCalls = "missing_tool_calls"
}

/// What a reply tells of the conversation's health, for counters. Pure.
public struct ConversationHealth: Sendable, Equatable {
  /// Why generation stopped: one of the APIs' own words, `none` where the reply did not say, or `other`.
  public let finishReason: String
  /// What was wrong, in the order of the cases; usually nothing.
  public let anomalies: [ReplyAnomaly]

  /// The words of chat and text completions, messages and responses, in that order; each at most once.
  public static let finishReasons = [
    "stop", "length", "tool_calls", "content_filter", "function_call", "error", "end_turn", "max_tokens",
    "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded", "completed",
    "max_output_tokens", "failed", "cancelled", "incomplete", "none", "other",
  ]
  private static let known = Set(finishReasons)

  /// Judges a reply that is over.
  public init(_ reading: ReplyReading) {
    let reason = reading.finishReason ?? "none"
    finishReason = reason == "stop" || Self.known.contains(reason) ? reason : "other"
    // What nearly every reply comes to.
    if reason == "stop", !reading.sawRefusal, !reading.isEmpty, reading.toolCalls == 0 {
      anomalies = []
      return
    }
    var anomalies: [ReplyAnomaly] = []
    for anomaly in ReplyAnomaly.allCases where Self.shows(reading, anomaly) { anomalies.append(anomaly) }
    self.anomalies = anomalies
  }

  private static func shows(_ reading: ReplyReading, _ anomaly: ReplyAnomaly) -> Bool {
    switch (anomaly, reading.finishReason) {
    case (.refusal, "refusal"), (.filtered, "content_filter"): true
    case (.truncated, "length"), (.truncated, "max_tokens"), (.truncated, "max_output_tokens"): true
    case (.truncated, "model_context_window_exceeded"): true
    case (.refusal, _): reading.sawRefusal
    case (.empty, "content_filter"), (.empty, "pause_turn"), (.empty, "refusal"): false
    case (.empty, _): reading.isEmpty
    case (.unannouncedToolCalls, "stop"), (.unannouncedToolCalls, "end_turn"): reading.toolCalls > 0
    case (.missingToolCalls, "tool_calls"), (.missingToolCalls, "tool_use"):
      reading.toolCalls == 0 && reading.sawEndMarker
    default: false
    }
  }
}
