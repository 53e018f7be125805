extension LedgerTotals {
  /// A number under the name that JSON and CSV give it; nil where there is none.
  typealias Field = (name: String, text: String?)

  /// All numbers, in the order in which they are printed. Shares are 0 to 1.
  var fields: [Field] {
    counts + [
      ("cost_usd", Self.text(costUSD)), ("unpriced_requests", String(unpricedRequests)),
      ("baseline_usd", Self.text(baselineUSD)), ("savings_usd", Self.text(savingsUSD)),
      ("savings_share", Self.text(savingsShare)), ("cache_hits", String(cacheHits)),
      ("coalesced", String(coalesced)), ("cache_saved_usd", Self.text(cacheSavedUSD)),
      ("tool_calls", String(toolCalls)), ("tool_calls_valid", String(validToolCalls)),
      ("tool_call_success_share", Self.text(toolCallSuccess)), ("thumbs_up", String(thumbsUp)),
      ("thumbs_down", String(thumbsDown)), ("satisfaction_share", Self.text(satisfaction)),
    ] + Self.fields(duration, "duration") + Self.fields(firstToken, "first_token")
  }

  private var counts: [Field] {
    [
      ("requests", String(requests)), ("errors", String(errors)), ("error_share", Self.text(errorShare)),
      ("input_tokens", String(inputTokens)), ("output_tokens", String(outputTokens)),
      ("cached_tokens", String(cachedTokens)), ("reasoning_tokens", String(reasoningTokens)),
    ]
  }

  private static func fields(_ percentiles: LedgerPercentiles?, _ name: String) -> [Field] {
    [
      ("\(name)_p50_ms", milliseconds(percentiles?.p50)), ("\(name)_p95_ms", milliseconds(percentiles?.p95)),
      ("\(name)_p99_ms", milliseconds(percentiles?.p99)),
    ]
  }

  private static func milliseconds(_ microseconds: Int64?) -> String? {
    text(microseconds.map { Double($0) / 1_000 })
  }

  /// JSON has no infinity.
  private static func text(_ number: Double?) -> String? {
    number.flatMap { $0.isFinite ? "\($0)" : nil }
  }
}
