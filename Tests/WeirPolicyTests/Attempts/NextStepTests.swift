import Testing
import WeirWire

@testable import WeirPolicy

@Suite("The step after an attempt")
struct NextStepTests {
  private static let second: Int64 = 1_000_000_000
  private let book = AttemptBook()

  private func route(_ id: String) -> UpstreamRoute { UpstreamRoute(id: id, name: id) }

  private func target(_ upstream: Int, window: Int? = nil) -> AttemptTarget {
    let model = ModelCatalog.builtIn.resolve("m")
    return AttemptTarget(
      upstream: upstream, model: model, isFallback: upstream > 0, contextWindow: window, route: route("u\(upstream)"))
  }

  private func policy(_ change: (inout ResiliencePolicy) -> Void = { _ in }) -> PolicySnapshot {
    var resilience = ResiliencePolicy()
    change(&resilience)
    let models = ModelCatalog.builtIn
    return PolicySnapshot(
      clients: ClientDirectory([]), models: models,
      killSwitch: KillSwitch(isKimiEnabled: true, fallbackModel: "", catalog: models),
      upstreams: [route("u0"), route("u1"), route("u2")], resilience: resilience)
  }

  private func next(
    _ report: AttemptReport, targets: Int = 1, windows: [Int?] = [], retries: Int = 0, hasReply: Bool = false,
    at place: Int = 0, policy: PolicySnapshot? = nil, canReplay: Bool = true, now: Int64 = 0,
    timeLeft: Int64 = 600_000_000_000, random: UInt64 = .max
  ) -> NextStep {
    let plan = AttemptPlan(
      targets: (0..<targets).map { target($0, window: windows.indices.contains($0) ? windows[$0] : nil) })
    return JudgeAttempt.next(
      report: report, state: AttemptState(plan: plan, target: place, retries: retries, hasReply: hasReply),
      policy: policy ?? self.policy(), book: book, canReplay: canReplay, now: now, timeLeft: timeLeft, random: random)
  }

  private func open(_ place: Int, now: Int64 = 0) {
    for _ in 0..<5 { _ = book.record(target(place).key, .failure, wasProbe: false, now: now) }
  }

  private let failed = AttemptReport(status: 500)

  @Test("is to relay an answer", arguments: [200, 400, 401, 402, 403, 404, 413, 422])
  func answers(status: Int) {
    #expect(next(AttemptReport(status: status), targets: 3) == .relay)
  }

  @Test("is a retry with a wait that doubles, and in the end the reply as it is")
  func retries() {
    for _ in 0..<20 { book.countRequest(now: 0) }
    #expect(next(failed) == .retry(after: 250_000_000))
    #expect(next(failed, retries: 1) == .retry(after: 500_000_000))
    #expect(next(failed, retries: 2) == .relay)
    #expect(next(failed, random: 0) == .retry(after: 0))
    #expect(next(failed, random: 1 << 63) == .retry(after: 125_000_000))
  }

  @Test("is another target once the retries are used up")
  func exhausted() {
    #expect(next(failed, targets: 2, retries: 1) == .retry(after: 500_000_000))
    #expect(next(failed, targets: 2, retries: 2) == .fallBack(to: 1))
    #expect(next(failed, targets: 2, retries: 2, at: 1) == .relay)
    #expect(next(failed, targets: 3, at: 1, policy: policy { $0.retry.retries = 0 }) == .fallBack(to: 2))
  }

  @Test("is another target at once for 503, 529 and a time-out; without one, all but the time-out are retried")
  func atOnce() {
    for status in [503, 529] {
      #expect(next(AttemptReport(status: status), targets: 2) == .fallBack(to: 1))
      #expect(next(AttemptReport(status: status)) == .retry(after: 250_000_000))
    }
    let slow = AttemptReport(fault: .timeout, reason: "slow")
    #expect(next(slow, targets: 2) == .fallBack(to: 1))
    #expect(next(slow) == .refuse(JudgeAttempt.refusal(.timeout, "slow")))
  }

  @Test("is an error of weir's own where no attempt brought a whole reply, and the kept reply where one did")
  func nothingLeft() {
    let cut = AttemptReport(status: 200, fault: .brokenReply, reason: "cut")
    #expect(next(cut, retries: 2) == .refuse(JudgeAttempt.refusal(.brokenReply, "cut")))
    #expect(next(cut, retries: 2, hasReply: true) == .relay)
    let gone = AttemptReport(fault: .unreachable, reason: "gone")
    #expect(next(gone, retries: 2) == .refuse(JudgeAttempt.refusal(.unreachable, "gone")))
    #expect(next(gone) == .retry(after: 250_000_000))
  }

  @Test("is neither a retry nor a fallback where weir itself was short of means")
  func local() {
    let local = AttemptReport(fault: .local, reason: "r")
    #expect(next(local, targets: 2) == .refuse(JudgeAttempt.refusal(.local, "r")))
  }

  @Test("hides nothing that the client has, and repeats nothing that cannot be repeated")
  func visible() {
    #expect(next(failed, targets: 2, canReplay: false) == .relay)
    var report = AttemptReport(status: 200, fault: .brokenReply, reason: "cut")
    report.sawContent = true
    #expect(next(report, targets: 2) == .refuse(JudgeAttempt.refusal(.brokenReply, "cut")))
    #expect(next(failed, targets: 2, timeLeft: 0) == .relay)
  }

  @Test("waits as long as the upstream asks, and its own wait on top")
  func retryAfter() {
    let busy = AttemptReport(status: 429, retryAfter: 3 * Self.second)
    #expect(next(busy) == .retry(after: 3 * Self.second + 250_000_000))
    #expect(next(busy, timeLeft: 3 * Self.second + 250_000_000) == .relay)
    #expect(next(busy, targets: 2) == .retry(after: 3 * Self.second + 250_000_000))
    #expect(next(busy, targets: 2, timeLeft: 3 * Self.second) == .fallBack(to: 1))
  }

  @Test("is no retry where the upstream says that it is of no use")
  func mustNotRetry() {
    let final = AttemptReport(status: 503, retryAfter: Self.second, mustNotRetry: true)
    #expect(next(final) == .relay)
    #expect(next(final, targets: 2) == .fallBack(to: 1))
  }

  @Test("is another target rather than a long wait, and the long wait where there is no other")
  func longWait() {
    let busy = AttemptReport(status: 429, retryAfter: 9 * Self.second)
    #expect(next(busy, targets: 2, random: 0) == .fallBack(to: 1))
    #expect(next(busy, random: 0) == .retry(after: 9 * Self.second))
  }

  @Test("waits for a pause that another request was told of")
  func paused() {
    book.pause(target(0).key, until: 5 * Self.second, now: 0)
    #expect(next(failed, now: Self.second, random: 0) == .retry(after: 4 * Self.second))
  }

  @Test("asks no target whose circuit is open or that is paused")
  func skips() {
    open(1)
    #expect(next(failed, targets: 3, retries: 2) == .fallBack(to: 2))
    book.pause(target(2).key, until: 9, now: 0)
    #expect(next(failed, targets: 3, retries: 2) == .relay)
    #expect(next(failed, targets: 3, retries: 2, now: 9) == .fallBack(to: 2))
  }

  @Test("is no retry where the circuit has just opened")
  func opened() {
    open(0)
    #expect(next(failed) == .relay)
    #expect(next(failed, targets: 2) == .fallBack(to: 1))
  }

  @Test("for a request that is too long is only a model with a larger window")
  func contextLength() {
    let long = AttemptReport(
      status: 400, error: ReplyError(code: nil, isMidStream: false, isContextLength: true))
    #expect(next(long, targets: 3, windows: [100, 100, 200]) == .fallBack(to: 2))
    #expect(next(long, targets: 3, windows: [100, nil, 50]) == .relay)
    #expect(next(long, targets: 2, windows: [nil, 200]) == .relay)
    #expect(next(long, windows: [100]) == .relay)
  }

  @Test("is what the budget has left, asked last")
  func budget() {
    for _ in 0..<3 { #expect(next(failed) != .relay) }
    #expect(next(failed) == .relay)
    #expect(next(failed, targets: 2) == .fallBack(to: 1))
    for _ in 0..<5 { book.countRequest(now: 0) }
    #expect(next(failed, retries: 2) == .relay)
    #expect(next(failed) != .relay)
    #expect(next(failed) == .relay)
  }

  @Test("follows the model's own retries before the upstream's before all others'")
  func retryPolicies() {
    let own = policy { $0.retryByUpstream["u0"] = .init(retries: 0) }
    #expect(next(failed, policy: own) == .relay)
    #expect(next(failed, targets: 2, at: 1, policy: own) != .relay)
    var resilience = own.resilience
    resilience.retryByModel["moonshotai/kimi-k2"] = .init(retries: 7)
    let both = PolicySnapshot(
      clients: own.clients, models: own.models, killSwitch: own.killSwitch, upstreams: own.upstreams,
      resilience: resilience)
    let kimi = AttemptTarget(
      upstream: 0, model: own.models.resolve("kimi-k2"), isFallback: false, contextWindow: nil, route: route("u0"))
    #expect(both.retry(for: kimi).retries == 7)
    #expect(both.retry(for: target(0)).retries == 0)
    #expect(both.retry(for: target(1)).retries == 2)
  }

  @Test("without any target tells when one may be asked again")
  func refusals() {
    let open = JudgeAttempt.refusal(CircuitRest.open(until: 1_000_000_001), now: 0)
    #expect(open.code == .circuitOpen && open.status == 503 && open.retryAfterSeconds == 2)
    let paused = JudgeAttempt.refusal(CircuitRest.paused(until: 1_000_000_000), now: 0)
    #expect(paused.code == .rateLimitExceeded && paused.status == 429 && paused.retryAfterSeconds == 1)
    #expect(JudgeAttempt.refusal(CircuitRest.open(until: 5), now: 5).retryAfterSeconds == 1)
    #expect(JudgeAttempt.refusal(CircuitRest.open(until: .max), now: .min).retryAfterSeconds == 3600)
  }

  @Test("never waits beyond the time left, nor retries more than it may", arguments: [1, 2, 3, 4])
  func bounds(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let statuses = [408, 425, 429, 500, 501, 502, 503, 504, 529]
    for _ in 0..<200 {
      let policy = policy { $0.retry.retries = Int.random(in: 0...4, using: &random) }
      let total = Int64.random(in: 1...(60 * Self.second), using: &random)
      var now: Int64 = 0
      var (place, retries, attempts) = (0, 0, 0)
      let book = AttemptBook()
      let plan = AttemptPlan(targets: (0..<3).map { target($0) })
      for _ in 0..<100 { book.countRequest(now: 0) }
      while true {
        attempts += 1
        #expect(now < total)
        now += Int64.random(in: 0...Self.second, using: &random)
        var report = AttemptReport(status: statuses.randomElement(using: &random))
        if Bool.random(using: &random) { report.retryAfter = Int64.random(in: 0...(20 * Self.second), using: &random) }
        let step = JudgeAttempt.next(
          report: report, state: AttemptState(plan: plan, target: place, retries: retries), policy: policy, book: book,
          canReplay: true, now: now, timeLeft: total - now, random: random.next())
        if case .retry(let wait) = step {
          retries += 1
          #expect(retries <= policy.resilience.retry.retries && wait >= (report.retryAfter ?? 0))
          now += wait
        } else if case .fallBack(let to) = step {
          #expect(to > place)
          (place, retries) = (to, 0)
        } else {
          #expect(step == .relay)
          break
        }
      }
      #expect(attempts <= 3 * (policy.resilience.retry.retries + 1))
    }
  }
}

extension ResiliencePolicy.Retry {
  init(retries: Int) {
    self.init()
    self.retries = retries
  }
}
