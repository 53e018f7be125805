extension SectionKeys {
  static let resilience =
    [
      SectionKey(.resilience, "retry", "group", "How failed requests are tried again on the same upstream and model"),
      SectionKey(
        .resilience, "retry_share", "number",
        "The share of requests, 0 to 1, that retries may be over `retry_window`; by default, 0.2"),
      SectionKey(.resilience, "retry_window", "seconds", "Over which that share is taken; by default, 10"),
      SectionKey(
        .resilience, "retry_floor", "integer", "Retries that are always allowed in a window; by default, 3"),
      SectionKey(.resilience, "circuit", "group", "When an upstream's model is no longer asked"),
    ] + retry(in: .resilienceRetry) + circuit

  private static let circuit = [
    SectionKey(
      .circuit, "enabled", "`true` or `false`", "`false` leaves every circuit closed; by default, `true`"),
    SectionKey(
      .circuit, "consecutive_failures", "integer", "Failures in a row that open it; by default, 5"),
    SectionKey(
      .circuit, "failure_rate", "number",
      "The share of failures over `window`, up to 1, that opens it; by default, 0.5"),
    SectionKey(
      .circuit, "minimum_requests", "integer", "Requests that a window needs before its rate counts; by default, 20"),
    SectionKey(.circuit, "window", "seconds", "Over which the rate is taken; by default, 30"),
    SectionKey(
      .circuit, "open_time", "seconds",
      "How long it stays open before one request probes the upstream; by default, 30"),
    SectionKey(
      .circuit, "closing_successes", "integer", "Probes in a row that must succeed before it closes; by default, 1"),
    SectionKey(
      .circuit, "slow_call", "seconds",
      "A reply whose head takes longer counts as a failure; by default, none does"),
  ]

  static func retry(in group: SectionGroup) -> [SectionKey] {
    [
      SectionKey(group, "retries", "integer", "Attempts after the first, 0 to 10; by default, as `WEIR_RETRIES`"),
      SectionKey(
        group, "first_delay", "seconds",
        "The longest wait before the first retry, doubled with each further one; by default, 0.25"),
      SectionKey(group, "longest_delay", "seconds", "No wait of weir's own is longer; by default, 8"),
    ]
  }
}
