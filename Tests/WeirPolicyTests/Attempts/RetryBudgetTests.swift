import Testing

@testable import WeirPolicy

@Suite("The retry budget")
struct RetryBudgetTests {
  private static let second: Int64 = 1_000_000_000

  @Test("lets a quiet proxy retry a few times, and then again when these are forgotten")
  func floor() {
    var budget = RetryBudget(ResiliencePolicy())
    for _ in 0..<3 { #expect(budget.take(now: 0) == true) }
    #expect(budget.take(now: 0) == false)
    #expect(budget.take(now: 8 * Self.second) == false)
    #expect(budget.take(now: 10 * Self.second) == true)
  }

  @Test("grows with the requests of the window, and shrinks as they leave it")
  func share() {
    var budget = RetryBudget(ResiliencePolicy())
    for _ in 0..<100 { budget.countRequest(now: 0) }
    var granted = 0
    while budget.take(now: Self.second) { granted += 1 }
    #expect(granted == 23)
    #expect(budget.take(now: 9 * Self.second) == false)
    #expect(budget.take(now: 10 * Self.second) == false)
    #expect(budget.take(now: 11 * Self.second) == true)
  }

  @Test("without a floor and a share grants nothing; a share that is no number grants the floor's")
  func none() {
    var policy = ResiliencePolicy()
    (policy.retryFloor, policy.retryShare) = (0, 0)
    var budget = RetryBudget(policy)
    budget.countRequest(now: 0)
    #expect(budget.take(now: 0) == false)
    (policy.retryFloor, policy.retryShare) = (5, .nan)
    budget = RetryBudget(policy)
    #expect(budget.take(now: 0) == false)
  }

  @Test("keeps its counts under a new policy, unless the window has another length")
  func replace() {
    var budget = RetryBudget(ResiliencePolicy())
    while budget.take(now: 0) {}
    budget.replace(ResiliencePolicy())
    #expect(budget.take(now: 0) == false)
    var policy = ResiliencePolicy()
    policy.retryWindow = 20 * Self.second
    budget.replace(policy)
    #expect(budget.take(now: 0) == true)
  }

  @Test("never grants more than the share of the window's requests and the floor", arguments: [1, 2, 3, 4, 5])
  func bound(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var policy = ResiliencePolicy()
    policy.retryFloor = Int.random(in: 0...5, using: &random)
    policy.retryShare = Double.random(in: 0...1, using: &random)
    let step = policy.retryWindow / 10
    var budget = RetryBudget(policy)
    var requests: [Int64] = []
    var retries: [Int64] = []
    var now: Int64 = 0
    for _ in 0..<5000 {
      now += Int64.random(in: 0...(step / 8), using: &random)
      if Int.random(in: 0..<100, using: &random) == 0 {
        now += Int64.random(in: 0...(3 * policy.retryWindow), using: &random)
      }
      let isInWindow: (Int64) -> Bool = { $0 / step > now / step - 10 }
      if Bool.random(using: &random) {
        budget.countRequest(now: now)
        requests.append(now)
      } else {
        let allowed = policy.retryShare * Double(requests.count(where: isInWindow)) + Double(policy.retryFloor)
        let isGranted = budget.take(now: now)
        #expect(isGranted == (Double(retries.count(where: isInWindow) + 1) <= allowed))
        if isGranted { retries.append(now) }
      }
    }
    #expect(policy.retryFloor == 0 || !retries.isEmpty)
  }

  @Test("counts on when the clock goes back, and survives any window and any moment")
  func oddClocks() {
    var policy = ResiliencePolicy()
    for window in [Int64.min, -1, 0, 1, 9, .max] {
      policy.retryWindow = window
      var budget = RetryBudget(policy)
      for now in [Int64.min, -5, 0, 100, 50, .max, 0] {
        budget.countRequest(now: now)
        _ = budget.take(now: now)
      }
    }
    policy.retryWindow = 10
    var budget = RetryBudget(policy)
    for _ in 0..<3 { #expect(budget.take(now: 100) == true) }
    #expect(budget.take(now: 50) == false)
  }
}
