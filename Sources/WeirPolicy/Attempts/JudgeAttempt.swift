/// Decides what the client gets after an attempt.
public enum JudgeAttempt {
  /// A reply that broke off after its client had the beginning.
  public static func broken(_ reason: String) -> Refusal { refusal(.brokenReply, reason) }

  static func refusal(_ fault: UpstreamFault, _ reason: String) -> Refusal {
    switch fault {
    case .unreachable, .closedBeforeReply:
      Refusal(
        .upstreamUnreachable, "the upstream could not be reached: \(reason)",
        remedy: "Try again; if it stays, check WEIR_UPSTREAM_URL and the network (`weir doctor` tells more).")
    case .timeout:
      Refusal(
        .upstreamTimeout, "the upstream took too long: \(reason)",
        remedy: "Try again, ask for less output, or raise the WEIR_TIMEOUT_ setting of that phase.")
    case .protocolError:
      Refusal(
        .upstreamProtocolError, "the upstream's answer cannot be read: \(reason)",
        remedy: "Check that WEIR_UPSTREAM_URL is the base URL of an HTTP API.")
    case .brokenReply:
      Refusal(
        .upstreamStreamBroken, "the upstream's reply broke off: \(reason)",
        remedy: "What came so far is incomplete; send the request again.")
    case .local:
      Refusal(
        .overloaded, "weir could not start the upstream request: \(reason)",
        remedy: "Try again in a moment.", retryAfterSeconds: 1)
    }
  }
}
