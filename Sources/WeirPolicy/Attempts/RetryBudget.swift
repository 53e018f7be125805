/// Keeps retries a small share of all requests, so that an outage is not made worse by those who wait for its end
/// (Google, "Site Reliability Engineering", chapter 21, "Handling Overload").
///
/// Plain value; the caller guards it.
struct RetryBudget: Sendable {
  private let share: Double
  private let floor: Int
  private var tally: SlidingTally

  init(_ policy: ResiliencePolicy) {
    share = policy.retryShare
    floor = policy.retryFloor
    tally = SlidingTally(length: policy.retryWindow)
  }

  /// A request has come; its retries are none.
  mutating func countRequest(now: Int64) { tally.count(all: 1, now: now) }

  /// True when one more retry is within the budget, which then holds it.
  mutating func take(now: Int64) -> Bool {
    tally.advance(to: now)
    guard Double(tally.marked + 1) <= share * Double(tally.all) + Double(floor) else { return false }
    tally.count(marked: 1, now: now)
    return true
  }

  /// What is counted now is carried over to a policy with a window of the same length.
  mutating func replace(_ policy: ResiliencePolicy) {
    let old = tally
    self = RetryBudget(policy)
    if old.length == tally.length { tally = old }
  }
}
