import CWeirSQLite

extension LedgerRow {
  /// Room that any row fits into when packed.
  static let maximumPackedBytes =
    Int(WEIR_LEDGER_PACKED_COLUMNS) * PackedColumn.fixedBytes + textCount * maximumTextBytes

  private static let textCount = 20

  /// Columns of the table `requests`, in its order; all but the sequence are packed. In another order SQLite would copy
  /// each value once more.
  static let columns = [
    "time_ms", "id", "sequence", "status", "error_code", "cache", "duration_us", "first_token_us", "input_tokens",
    "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd", "baseline_usd", "saved_usd", "tool_calls_valid",
    "tool_calls_invalid_json", "tool_calls_schema_mismatch", "tool_calls_unknown_tool", "model", "rollout", "variant",
    "client", "user", "upstream", "provider", "endpoint", "asked_model", "stream", "ending", "attempts",
    "fallback_from", "usage_state", "cost_source", "own_us", "upstream_us", "finish_reason", "generation_id",
    "bytes_in", "bytes_out", "catalog_cost_usd", "trace_id", "attempt_us",
  ]

  /// `OR IGNORE`: a batch whose commit failed after all had reached the disk is written again without effect.
  static let insertRequests = """
    INSERT OR IGNORE INTO requests (\(columns.joined(separator: ",")))
    SELECT \(columns.indices.map { "c\($0)" }.joined(separator: ",")) FROM weir_ledger_rows(?)
    """

  /// Packs `columns` but the sequence, in their order.
  ///
  /// - Parameter attemptMicroseconds: of the only attempt, where the row tells everything else about it.
  borrowing func pack(into columns: inout ColumnPacker, attemptMicroseconds: Int64?) {
    unsafe columns.add(timeMilliseconds)
    unsafe columns.add(id)
    unsafe columns.add(status)
    unsafe columns.add(errorCode)
    unsafe columns.add(cache?.rawValue)
    unsafe packMeasures(&columns)
    unsafe packNames(&columns)
    unsafe columns.add(isStream ? 1 : 0)
    unsafe columns.add(ending.rawValue)
    unsafe columns.add(attempts)
    unsafe columns.add(fallbackFrom)
    unsafe columns.add(usageState.rawValue)
    unsafe columns.add(costSource.rawValue)
    unsafe columns.add(ownMicroseconds)
    unsafe columns.add(upstreamMicroseconds)
    unsafe columns.add(finishReason)
    unsafe columns.add(generationID)
    unsafe columns.add(bytesIn)
    unsafe columns.add(bytesOut)
    unsafe columns.add(amount: catalogCostUSD)
    unsafe columns.add(traceID)
    unsafe columns.add(attemptMicroseconds)
  }

  private borrowing func packMeasures(_ columns: inout ColumnPacker) {
    unsafe columns.add(durationMicroseconds)
    unsafe columns.add(firstTokenMicroseconds)
    unsafe columns.add(inputTokens)
    unsafe columns.add(outputTokens)
    unsafe columns.add(cachedTokens)
    unsafe columns.add(reasoningTokens)
    unsafe columns.add(amount: costUSD)
    unsafe columns.add(amount: baselineUSD)
    unsafe columns.add(amount: savedUSD)
    unsafe columns.add(toolCalls.valid)
    unsafe columns.add(toolCalls.invalidJSON)
    unsafe columns.add(toolCalls.schemaMismatch)
    unsafe columns.add(toolCalls.unknownTool)
  }

  private borrowing func packNames(_ columns: inout ColumnPacker) {
    unsafe columns.add(model)
    unsafe columns.add(rollout)
    unsafe columns.add(variant)
    unsafe columns.add(client)
    unsafe columns.add(user)
    unsafe columns.add(upstream)
    unsafe columns.add(provider)
    unsafe columns.add(endpoint)
    unsafe columns.add(askedModel)
  }
}

extension LedgerAttempt {
  /// Whether a row with this as its only attempt says all about it but how long it took.
  func isTold(by row: borrowing LedgerRow) -> Bool {
    failure == nil && row.attempts == 1 && status == row.status && upstream == row.upstream && model == row.model
  }
}
