extension SectionKeys {
  static let limits = limitKeys + rates + concurrency

  static let limitKeys = [
    SectionKey(.limits, "rates", "list", "Bounds on requests or tokens a minute, beside `WEIR_RATE_LIMIT_*`"),
    SectionKey(.limits, "concurrency", "list", "Bounds on requests in flight at the same time"),
    SectionKey(
      .limits, "max_keys", "integer",
      "Counts kept at once, over all limits; the least recently used go first; by default, 100000"),
    SectionKey(
      .limits, "output_cap", "integer",
      "Tokens put in as the output bound of a request that has none, where a hard budget applies; by default, 4096"),
  ]

  private static let rates =
    [
      SectionKey(
        .rate, "name", "name", "What metrics and messages call it; by default, `rate_` and its place in the list"),
      SectionKey(.rate, "requests_per_minute", "integer", "The rate in requests; this or `tokens_per_minute`"),
      SectionKey(.rate, "tokens_per_minute", "integer", "The rate in tokens; this or `requests_per_minute`"),
      SectionKey(.rate, "burst", "integer", "What may come at once after a pause; by default, a minute's worth"),
    ] + scope(in: .rate)

  private static let concurrency =
    [
      SectionKey(
        .concurrency, "name", "name",
        "What metrics and messages call it; by default, `concurrency_` and its place in the list"),
      SectionKey(.concurrency, "maximum", "integer", required: true, "Requests in flight at the same time"),
    ] + scope(in: .concurrency)

  private static func scope(in group: SectionGroup) -> [SectionKey] {
    [
      SectionKey(
        group, "per", "names",
        "Each combination of these has a count of its own: `client`, `user`, `model`; by default, `client`; `[]` keeps "
          + "one count for all"),
      SectionKey(group, "clients", "names", "The clients whose requests count; by default, all"),
      SectionKey(
        group, "models", "patterns",
        "The models whose requests count, by the name that goes upstream, `*` for any characters; by default, all"),
    ]
  }

  static let budgets = [
    SectionKey(
      .budget, "name", "name", "What metrics and messages call it; by default, `budget_` and its place in the list"),
    SectionKey(.budget, "period", "`day` or `month`", required: true, "How long it lasts; both begin at midnight UTC"),
    SectionKey(.budget, "usd", "number", "US dollars"),
    SectionKey(.budget, "tokens", "integer", "Input and output tokens together"),
    SectionKey(
      .budget, "hard", "`true` or `false`",
      "Whether requests that could go over it are refused; `false` only says that it is used up; by default, `true`"),
    SectionKey(.budget, "clients", "names", "The clients that have it, each for itself; by default, all"),
    SectionKey(
      .budget, "total", "`true` or `false`", "Whether all clients share it instead; by default, `false`"),
  ]
}
