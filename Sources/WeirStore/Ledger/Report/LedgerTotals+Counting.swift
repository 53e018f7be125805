extension LedgerTotals {
  /// The columns that `add` reads, in its order. Percentiles are `LedgerSamples`' work.
  static let columns = """
    status, error_code, cache, input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, \
    baseline_usd, saved_usd, tool_calls_valid, tool_calls_invalid_json, tool_calls_schema_mismatch, \
    tool_calls_unknown_tool
    """

  /// Adds the row that the statement stands on; the columns begin at `first`.
  mutating func add(_ row: borrowing SQLiteStatement, from first: CInt) {
    requests += 1
    if row.integer(first) >= 400 || !row.isNull(first + 1) { errors += 1 }
    switch row.firstByte(first + 2) {
    case UInt8(ascii: "h"): cacheHits += 1
    case UInt8(ascii: "c"): coalesced += 1
    default: break
    }
    inputTokens.sum(row.integer(first + 3))
    outputTokens.sum(row.integer(first + 4))
    cachedTokens.sum(row.integer(first + 5))
    reasoningTokens.sum(row.integer(first + 6))
    addMoney(row, from: first + 7)
    addToolCalls(row, from: first + 10)
  }

  private mutating func addMoney(_ row: borrowing SQLiteStatement, from first: CInt) {
    cacheSaved.add(row.double(first + 2))
    guard !row.isNull(first) else {
      unpricedRequests += 1
      return
    }
    let amount = row.double(first)
    cost.add(amount)
    guard !row.isNull(first + 1) else { return }
    let baselineAmount = row.double(first + 1)
    baseline.add(baselineAmount)
    savings.add(baselineAmount - amount)
  }

  private mutating func addToolCalls(_ row: borrowing SQLiteStatement, from first: CInt) {
    let valid = row.integer(first)
    validToolCalls.sum(valid)
    toolCalls.sum(valid)
    for column in (first + 1)...(first + 3) { toolCalls.sum(row.integer(column)) }
  }

  mutating func add(vote isUp: Bool) {
    if isUp { thumbsUp += 1 } else { thumbsDown += 1 }
  }

  mutating func add(_ more: LedgerTotals) {
    requests.sum(more.requests)
    errors.sum(more.errors)
    inputTokens.sum(more.inputTokens)
    outputTokens.sum(more.outputTokens)
    cachedTokens.sum(more.cachedTokens)
    reasoningTokens.sum(more.reasoningTokens)
    cost.add(more.cost)
    unpricedRequests.sum(more.unpricedRequests)
    baseline.add(more.baseline)
    savings.add(more.savings)
    cacheHits.sum(more.cacheHits)
    coalesced.sum(more.coalesced)
    cacheSaved.add(more.cacheSaved)
    toolCalls.sum(more.toolCalls)
    validToolCalls.sum(more.validToolCalls)
    thumbsUp.sum(more.thumbsUp)
    thumbsDown.sum(more.thumbsDown)
  }
}

extension Int64 {
  /// Stops at the ends: a file may hold any number.
  fileprivate mutating func sum(_ other: Int64) {
    let (sum, isOver) = addingReportingOverflow(other)
    self = isOver ? (other > 0 ? .max : .min) : sum
  }
}
