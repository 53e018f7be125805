/// Gives back what a request holds of limits and budgets, less what it used.
enum SettleLimits {
  static func settle(_ exchange: Exchange, lease: consuming LimitLease?, now: Int64, wall: Int64) {
    guard let lease = lease.take() else { return }
    guard let metered = exchange.metered, metered.state != .unknown || exchange.cost?.usd != nil else {
      lease.release()
      return
    }
    let usage = ActualUsage(
      input: metered.input ?? 0, output: metered.output ?? 0, usd: exchange.cost?.usd,
      state: metered.state == .reported ? .reported : .estimated)
    exchange.settlement = lease.settle(usage, now: now, wall: wall)
  }
}
