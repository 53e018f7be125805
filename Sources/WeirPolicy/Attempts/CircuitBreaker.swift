/// Stops asking an upstream's model that fails, and finds out later whether it works again (Michael Nygard, "Release
/// It!", "Circuit Breaker"). A pause that the upstream asks for is kept apart: it is no failure, and no success ends it.
///
/// Plain value; the caller guards it.
struct CircuitBreaker: Sendable {
  typealias Policy = ResiliencePolicy.Circuit

  /// A probe that said nothing for this long is lost; WEIR_TIMEOUT_TOTAL's default.
  static let longestProbe: Int64 = 600_000_000_000
  /// How long a request that finds a probe under way is told to wait.
  static let probeWait: Int64 = 1_000_000_000
  /// A circuit that nobody asked for this long is forgotten, whatever its state.
  static let longestIdle: Int64 = 3_600_000_000_000

  let key: CircuitKey
  private(set) var state = CircuitState.closed
  private(set) var openUntil = Int64.min
  private(set) var pausedUntil = Int64.min
  private var lastUsed: Int64
  /// When a request of this sidecar's last came for it; nil before the first.
  private var lastAsked: Int64?
  private var failuresInRow = 0
  private var probeSuccesses = 0
  private var probeSince: Int64?
  private var tally: SlidingTally

  init(key: CircuitKey, policy: Policy, now: Int64) {
    self.key = key
    lastUsed = now
    tally = SlidingTally(length: policy.window)
  }

  /// Why no request may go now; nil when one may.
  func rest(now: Int64) -> CircuitRest? {
    switch state {
    case .open where now < openUntil: return .open(until: max(openUntil, pausedUntil))
    case .halfOpen:
      if let probeSince, now < Moment.after(Self.longestProbe, from: probeSince) {
        return .open(until: max(Moment.after(Self.probeWait, from: now), pausedUntil))
      }
    default: break
    }
    return now < pausedUntil ? .paused(until: pausedUntil) : nil
  }

  mutating func admit(now: Int64) -> CircuitAdmission {
    lastUsed = max(lastUsed, now)
    lastAsked = now
    if let rest = rest(now: now) { return .resting(rest) }
    guard state != .closed else { return .allowed }
    let change = state == .open ? move(to: .halfOpen, .openTimeOver) : nil
    probeSince = now
    return .probe(change)
  }

  /// An attempt is over, or as good as: a probe's when its first output has come.
  mutating func record(
    _ outcome: CircuitOutcome, wasProbe: Bool, policy: Policy, now: Int64
  ) -> CircuitChange? {
    guard policy.isEnabled else { return nil }
    guard outcome != .unknown else {
      if wasProbe { abandonProbe() }
      return nil
    }
    lastUsed = max(lastUsed, now)
    lastAsked = now
    let isFailure = outcome != .success
    switch state {
    case .closed:
      tally.count(all: 1, marked: isFailure ? 1 : 0, now: now)
      failuresInRow = isFailure ? failuresInRow + 1 : 0
      guard isFailure, let reason = reasonToOpen(outcome, policy) else { return nil }
      return open(reason, policy: policy, now: now)
    case .open:
      // Of a request that was under way when it opened.
      if isFailure { extendOpenTime(policy: policy, now: now) }
      return nil
    case .halfOpen:
      guard wasProbe else { return nil }
      probeSince = nil
      if isFailure { return open(.probeFailed, policy: policy, now: now) }
      probeSuccesses += 1
      guard probeSuccesses >= policy.closingSuccesses else { return nil }
      return close(.probeSucceeded)
    }
  }

  /// Another sidecar has found that the upstream fails; it is left alone until a moment, no longer than this policy says.
  mutating func openByFleet(until: Int64, policy: Policy, now: Int64) -> CircuitChange? {
    guard policy.isEnabled else { return nil }
    lastUsed = max(lastUsed, now)
    openUntil = max(openUntil, min(until, Moment.after(policy.openTime, from: now)))
    return state == .open ? nil : move(to: .open, .fleet)
  }

  /// Another sidecar's probe has found that it works.
  mutating func closeByFleet() -> CircuitChange? { state == .closed ? nil : close(.fleet) }

  /// Another sidecar probes; this one waits for what it finds.
  mutating func waitForFleet(until: Int64) {
    if state == .open { openUntil = max(openUntil, until) }
  }

  /// Whether a request came for it since a moment. One that has no traffic here cannot probe for others.
  func wasAsked(since moment: Int64) -> Bool { lastAsked.map { $0 >= moment } ?? false }

  /// The upstream asks to be left alone; the latest moment that it named holds.
  mutating func pause(until: Int64) { pausedUntil = max(pausedUntil, until) }

  /// The probe's client left before anything was known.
  mutating func abandonProbe() { probeSince = nil }

  /// Goes on under another policy, in the state it is in unless that has no circuits.
  mutating func replace(_ policy: Policy) -> CircuitChange? {
    if tally.length != policy.window { tally = SlidingTally(length: policy.window) }
    return policy.isEnabled || state == .closed ? nil : close(.switchedOff)
  }

  /// Whether nothing would be lost if nobody remembered it.
  func isForgettable(now: Int64) -> Bool {
    guard now >= pausedUntil else { return false }
    if isAbandoned(now: now) { return true }
    return state == .closed && (tally.marked == 0 || now > Moment.after(tally.length, from: lastUsed))
  }

  /// Whether nobody has asked for so long that its state says nothing of the upstream of today.
  func isAbandoned(now: Int64) -> Bool { now > Moment.after(Self.longestIdle, from: max(lastUsed, openUntil)) }

  func reading(now: Int64) -> CircuitReading {
    CircuitReading(
      key: key, state: state, opensFor: state == .open ? Self.remaining(until: openUntil, now: now) : nil,
      pausedFor: now < pausedUntil ? Self.remaining(until: pausedUntil, now: now) : nil)
  }

  private static func remaining(until: Int64, now: Int64) -> Int64 {
    let (span, isOver) = until.subtractingReportingOverflow(now)
    return isOver ? .max : max(span, 0)
  }

  private func reasonToOpen(_ outcome: CircuitOutcome, _ policy: Policy) -> CircuitChange.Reason? {
    if failuresInRow >= policy.consecutiveFailures {
      return outcome == .slow ? .slowCalls : .consecutiveFailures
    }
    guard tally.all >= policy.minimumRequests,
      Double(tally.marked) >= policy.failureRate * Double(tally.all)
    else { return nil }
    return outcome == .slow ? .slowCalls : .failureRate
  }

  private mutating func open(_ reason: CircuitChange.Reason, policy: Policy, now: Int64) -> CircuitChange {
    extendOpenTime(policy: policy, now: now)
    return move(to: .open, reason)
  }

  private mutating func extendOpenTime(policy: Policy, now: Int64) {
    openUntil = max(openUntil, Moment.after(policy.openTime, from: now))
  }

  private mutating func close(_ reason: CircuitChange.Reason) -> CircuitChange {
    tally = SlidingTally(length: tally.length)
    return move(to: .closed, reason)
  }

  private mutating func move(to next: CircuitState, _ reason: CircuitChange.Reason) -> CircuitChange {
    let change = CircuitChange(key: key, from: state, to: next, reason: reason)
    state = next
    failuresInRow = 0
    probeSuccesses = 0
    probeSince = nil
    return change
  }
}
