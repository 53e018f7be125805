import WeirWire

/// Gives back what a request holds of limits and budgets, less what it used.
enum SettleLimits {
  static func settle(_ exchange: inout Exchange, lease: consuming LimitLease?, now: Int64, wall: Int64) {
    guard let lease = lease.take() else { return }
    guard let usage = usage(exchange) else {
      lease.release()
      return
    }
    exchange.settlement = lease.settle(usage, now: now, wall: wall)
  }

  /// Nil for a request that used nothing: refused, answered by the cache, or failed upstream.
  private static func usage(_ exchange: Exchange) -> ActualUsage? {
    if let usage = exchange.reading?.usage {
      return ActualUsage(input: usage.input, output: usage.output, usd: exchange.cost?.usd)
    }
    guard exchange.attempts > 0, let status = exchange.status, status < 400, let reading = exchange.reading,
      reading.error == nil || reading.sawContent
    else { return nil }
    // Each event of a stream brings about a token; a reply that is no stream and tells nothing had what was expected.
    let output = exchange.isStream ? reading.contentEvents : exchange.estimate?.output ?? 0
    return ActualUsage(input: exchange.estimate?.input ?? 0, output: output, state: .estimated)
  }
}
