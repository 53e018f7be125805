/// How long a request waits before it is tried again.
enum Backoff {
  /// Evenly from zero to a bound that doubles with each retry ("full jitter", AWS Architecture Blog, "Exponential Backoff
  /// And Jitter").
  ///
  /// - Parameters:
  ///   - retries: those that were made already.
  ///   - random: evenly over all its values.
  static func wait(retries: Int, policy: ResiliencePolicy.Retry, random: UInt64) -> Int64 {
    let factor = Int64(1) << min(max(retries, 0), 40)
    let (doubled, isOver) = max(policy.firstDelay, 0).multipliedReportingOverflow(by: factor)
    let bound = min(isOver ? .max : doubled, max(policy.longestDelay, 0))
    return Int64(random.multipliedFullWidth(by: UInt64(bound) + 1).high)
  }
}
