extension LedgerEntry {
  /// `OR IGNORE`: a batch whose commit failed after all had reached the disk is written again without effect.
  static let insertRequest = """
    INSERT OR IGNORE INTO requests (
      time_ms, id, sequence, status, error_code, cache, duration_us, first_token_us, input_tokens, output_tokens,
      cached_tokens, reasoning_tokens, cost_usd, baseline_usd, saved_usd, tool_calls_valid, tool_calls_invalid_json,
      tool_calls_schema_mismatch, tool_calls_unknown_tool, model, rollout, variant, client, user, upstream, provider,
      endpoint, asked_model, stream, ending, attempts, fallback_from, usage_state, cost_source, own_us, upstream_us,
      finish_reason, generation_id, bytes_in, bytes_out,
      catalog_cost_usd, trace_id
    ) VALUES (\(Array(repeating: "?", count: 42).joined(separator: ",")))
    """

  static let insertAttempt = """
    INSERT OR IGNORE INTO attempts (time_ms, id, sequence, n, upstream, model, status, failure, duration_us)
    VALUES (?,?,?,?,?,?,?,?,?)
    """

  static let insertBodies = """
    INSERT OR IGNORE INTO bodies (time_ms, id, sequence, prompt, prompt_truncated, reply, reply_truncated)
    VALUES (?,?,?,?,?,?,?)
    """

  /// Binds and runs `insertBodies`, where there are any.
  func writeBodies(_ statement: inout SQLiteStatement) throws {
    guard let bodies else { return }
    try bindKey(&statement)
    for body in [bodies.prompt, bodies.reply] {
      try statement.bind(String(decoding: body.bytes, as: UTF8.self), atMost: .max)
      try statement.bind(body.isTruncated ? 1 : 0)
    }
    try statement.run()
  }

  /// Binds and runs `insertRequest`.
  func writeRequest(_ statement: inout SQLiteStatement) throws {
    try bindKey(&statement)
    try statement.bind(row.status)
    try statement.bind(row.errorCode)
    try statement.bind(row.cache?.rawValue)
    try bindMeasures(&statement)
    try bindNames(&statement)
    try statement.bind(row.isStream ? 1 : 0)
    try statement.bind(row.ending.rawValue)
    try statement.bind(row.attempts)
    try statement.bind(row.fallbackFrom)
    try statement.bind(row.usageState.rawValue)
    try statement.bind(row.costSource.rawValue)
    try statement.bind(row.ownMicroseconds)
    try statement.bind(row.upstreamMicroseconds)
    try statement.bind(row.finishReason)
    try statement.bind(row.generationID)
    try statement.bind(row.bytesIn)
    try statement.bind(row.bytesOut)
    try statement.bind(amount: row.catalogCostUSD)
    try statement.bind(row.traceID)
    try statement.run()
  }

  /// Binds and runs `insertAttempt` for each attempt, numbered from 1.
  func writeAttempts(_ statement: inout SQLiteStatement) throws {
    for (index, attempt) in attempts.enumerated() {
      try bindKey(&statement)
      try statement.bind(index + 1)
      try statement.bind(attempt.upstream)
      try statement.bind(attempt.model)
      try statement.bind(attempt.status)
      try statement.bind(attempt.failure)
      try statement.bind(attempt.durationMicroseconds)
      try statement.run()
    }
  }

  private func bindKey(_ statement: inout SQLiteStatement) throws {
    try statement.bind(row.timeMilliseconds)
    try statement.bind(row.id)
    try statement.bind(sequence)
  }

  private func bindMeasures(_ statement: inout SQLiteStatement) throws {
    try statement.bind(row.durationMicroseconds)
    try statement.bind(row.firstTokenMicroseconds)
    try statement.bind(row.inputTokens)
    try statement.bind(row.outputTokens)
    try statement.bind(row.cachedTokens)
    try statement.bind(row.reasoningTokens)
    try statement.bind(amount: row.costUSD)
    try statement.bind(amount: row.baselineUSD)
    try statement.bind(amount: row.savedUSD)
    try statement.bind(row.toolCalls.valid)
    try statement.bind(row.toolCalls.invalidJSON)
    try statement.bind(row.toolCalls.schemaMismatch)
    try statement.bind(row.toolCalls.unknownTool)
  }

  private func bindNames(_ statement: inout SQLiteStatement) throws {
    try statement.bind(row.model)
    try statement.bind(row.rollout)
    try statement.bind(row.variant)
    try statement.bind(row.client)
    try statement.bind(row.user)
    try statement.bind(row.upstream)
    try statement.bind(row.provider)
    try statement.bind(row.endpoint)
    try statement.bind(row.askedModel)
  }
}
