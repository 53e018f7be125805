public import WeirWire

/// Decides whether a reply that is over may be kept: a whole answer, and none that says it failed.
public enum KeepReply {
  /// Decides.
  ///
  /// - Parameters:
  ///   - status: of the reply; only 200 is kept.
  ///   - ending: how the upstream's reply ended, whether its client stayed or not.
  ///   - reading: of the whole body; nil where nobody read it.
  public static func mayKeep(status: Int, ending: Ending, reading: ReplyReading?) -> Bool {
    guard status == 200, ending == .complete, let reading else { return false }
    return reading.sawEndMarker && reading.isAtEventBoundary && !reading.isMalformed && reading.error == nil
      && !failures.contains(reading.finishReason ?? "")
  }

  /// What the APIs call the end of a generation that failed: OpenRouter's `finish_reason`, and the status of a response,
  /// also of one that has no end yet.
  private static let failures: Set<String> = ["error", "failed", "cancelled", "queued", "in_progress"]
}
