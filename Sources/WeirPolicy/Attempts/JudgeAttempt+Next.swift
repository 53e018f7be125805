extension JudgeAttempt {
  /// Decides what follows an attempt that is over, or whose beginning shows that it failed, while its client has nothing
  /// of it yet; to be asked after the attempt was recorded in `book`.
  ///
  /// A target is retried up to its number of retries, with back-off or after what the upstream asks to wait; where the
  /// upstream says that this is of no use, or the wait does not fit the time left, exceeds `longestDelay` while another
  /// target is ready, or is beyond the retry budget, the next target that takes requests has its turn. When nothing is
  /// left the client gets the last whole reply, or an error of weir's own where none came.
  ///
  /// - Parameters:
  ///   - canReplay: the request is held whole, and the client has nothing of the reply.
  ///   - timeLeft: nanoseconds to the end of the request's total time.
  ///   - random: evenly over all its values.
  public static func next(
    report: AttemptReport, state: AttemptState, policy: PolicySnapshot, book: AttemptBook, canReplay: Bool,
    now: Int64, timeLeft: Int64, random: UInt64
  ) -> NextStep {
    let last = lastStep(report, hasReply: state.hasReply)
    guard let failure = AttemptFailure.of(report), let target = state.plan.target(state.target) else { return last }
    guard canReplay, !report.sawContent, timeLeft > 0 else { return last }
    let other = nextTarget(after: failure, target, state: state, book: book, now: now)
    if let other, failure.fallsBackAtOnce { return .fallBack(to: other) }
    let otherwise = other.map { NextStep.fallBack(to: $0) } ?? last
    let retry = policy.retry(for: target)
    guard failure.isRetryable, !report.mustNotRetry, state.retries < retry.retries else { return otherwise }
    guard let asked = askedWait(report, target, book: book, now: now) else { return otherwise }
    let wait = Moment.after(Backoff.wait(retries: state.retries, policy: retry, random: random), from: asked)
    guard wait < timeLeft, other == nil || asked <= retry.longestDelay else { return otherwise }
    return book.takeRetry(now: now) ? .retry(after: wait) : otherwise
  }

  /// What the client is told when no target takes requests.
  public static func refusal(_ rest: CircuitRest, now: Int64) -> Refusal {
    let (span, isOver) = rest.until.subtractingReportingOverflow(now)
    let seconds = Int(min(max(isOver ? .max : span, 1), RetryDelay.longest) - 1) / 1_000_000_000 + 1
    switch rest {
    case .open:
      return Refusal(
        .circuitOpen, "every upstream that serves this model failed lately and is not asked for now",
        remedy: "Try again after \(seconds) s; `/health` on the admin listener tells which upstream fails.",
        retryAfterSeconds: seconds)
    case .paused:
      return Refusal(
        .rateLimitExceeded, "the upstream's rate limit is reached and it asked to be left alone",
        remedy: "Try again after \(seconds) s.", retryAfterSeconds: seconds)
    }
  }

  private static func lastStep(_ report: AttemptReport, hasReply: Bool) -> NextStep {
    if report.isWholeReply || hasReply { return .relay }
    return .refuse(refusal(report.fault ?? .closedBeforeReply, report.reason))
  }

  private static func nextTarget(
    after failure: AttemptFailure, _ target: AttemptTarget, state: AttemptState, book: AttemptBook, now: Int64
  ) -> Int? {
    guard failure.allowsFallback, state.target + 1 < state.plan.targets.count else { return nil }
    guard failure == .contextLength else {
      return book.firstReady(state.plan, from: state.target + 1, now: now)
    }
    // Without the size of the window that was too small, none is known to be larger.
    guard let window = target.contextWindow else { return nil }
    return book.firstReady(state.plan, from: state.target + 1, widerThan: window, now: now)
  }

  /// What has to pass before the target is asked again; nil where its circuit is open.
  private static func askedWait(
    _ report: AttemptReport, _ target: AttemptTarget, book: AttemptBook, now: Int64
  ) -> Int64? {
    let asked = min(max(report.retryAfter ?? 0, 0), RetryDelay.longest)
    switch book.rest(of: target.key, now: now) {
    case .open: return nil
    case .paused(let until): return max(asked, until - now)
    case nil: return asked
    }
  }
}

extension PolicySnapshot {
  /// How a target is tried again: as its model says, else as its upstream says, else as all are.
  public func retry(for target: AttemptTarget) -> ResiliencePolicy.Retry {
    if let id = target.model?.catalogID, let retry = resilience.retryByModel[id] { return retry }
    guard !resilience.retryByUpstream.isEmpty, upstreams.indices.contains(target.upstream) else {
      return resilience.retry
    }
    let route = upstreams[target.upstream]
    return resilience.retryByUpstream[route.id] ?? resilience.retryByUpstream[route.name] ?? resilience.retry
  }
}
