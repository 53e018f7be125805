import Synchronization

/// What all requests together know of their upstreams: which are asked, and how many retries there may be.
///
/// Shared by the event loops; each call holds the lock once and briefly. Times are nanoseconds of one monotonic clock.
public final class AttemptBook: Sendable {
  private struct Memory {
    var circuits: CircuitTable
    var budget: RetryBudget
  }

  private let memory: Mutex<Memory>

  /// A book in which nothing is written.
  public init(_ policy: ResiliencePolicy = ResiliencePolicy()) {
    memory = Mutex(Memory(circuits: CircuitTable(policy: policy.circuit), budget: RetryBudget(policy)))
  }

  /// Takes another policy. Circuits stay as they are; those that the policy switches off are returned.
  public func replace(_ policy: ResiliencePolicy) -> [CircuitChange] {
    memory.withLock {
      $0.budget.replace(policy)
      return $0.circuits.replace(policy.circuit)
    }
  }

  /// A request has come, whatever attempts it will take.
  public func countRequest(now: Int64) {
    memory.withLock { $0.budget.countRequest(now: now) }
  }

  /// The first target from a place on that takes requests.
  ///
  /// - Returns: where that is a probe, its caller owes `record` or `abandonProbe`, whatever happens.
  public func choose(_ plan: AttemptPlan, from index: Int = 0, now: Int64) -> TargetChoice {
    memory.withLock { memory in
      var passedOver: CircuitRest?
      var soonest: CircuitRest?
      for place in max(index, 0)..<max(plan.targets.count, index, 0) {
        switch memory.circuits.admit(plan.targets[place].key, now: now) {
        case .allowed: return .target(place, passedOver: passedOver)
        case .probe(let change): return .probe(place, change: change, passedOver: passedOver)
        case .resting(let rest):
          passedOver = passedOver ?? rest
          soonest = soonest.map { Self.sooner($0, rest) } ?? rest
        }
      }
      return .none(soonest ?? .open(until: now))
    }
  }

  /// The first target from a place on that would take a request now; takes none itself.
  ///
  /// - Parameter widerThan: leaves out models whose window is not known to have more tokens.
  public func firstReady(_ plan: AttemptPlan, from index: Int, widerThan: Int? = nil, now: Int64) -> Int? {
    memory.withLock { memory in
      plan.targets.indices.first { place in
        guard place >= index else { return false }
        if let widerThan, (plan.targets[place].contextWindow ?? 0) <= widerThan { return false }
        return memory.circuits.rest(of: plan.targets[place].key, now: now) == nil
      }
    }
  }

  /// Why an upstream's model takes no request now; nil when it does.
  public func rest(of key: CircuitKey, now: Int64) -> CircuitRest? {
    memory.withLock { $0.circuits.rest(of: key, now: now) }
  }

  /// True when one more retry is within the budget, which then holds it.
  public func takeRetry(now: Int64) -> Bool {
    memory.withLock { $0.budget.take(now: now) }
  }

  /// An attempt is over, or, for a probe, has brought its first output. Once each; the probe that goes on is recorded a
  /// second time at its end, as no probe.
  ///
  /// - Parameter pause: leaves the upstream's model alone for so many nanoseconds, and never for less than before.
  public func record(
    _ key: CircuitKey, _ outcome: CircuitOutcome, wasProbe: Bool, pause: Int64? = nil, now: Int64
  ) -> CircuitChange? {
    memory.withLock {
      if let pause { $0.circuits.pause(key, until: Moment.after(pause, from: now), now: now) }
      return $0.circuits.record(key, outcome, wasProbe: wasProbe, now: now)
    }
  }

  /// Leaves an upstream's model alone until a moment; an earlier one changes nothing.
  public func pause(_ key: CircuitKey, until: Int64, now: Int64) {
    memory.withLock { $0.circuits.pause(key, until: until, now: now) }
  }

  // MARK: What other sidecars found

  /// Another sidecar has opened its circuit, which stays so until a moment.
  public func openByFleet(_ key: CircuitKey, until: Int64, now: Int64) -> CircuitChange? {
    memory.withLock { $0.circuits.openByFleet(key, until: until, now: now) }
  }

  /// Another sidecar's probe has closed its circuit.
  public func closeByFleet(_ key: CircuitKey) -> CircuitChange? {
    memory.withLock { $0.circuits.closeByFleet(key) }
  }

  /// Another sidecar is the one that probes: an open circuit stays so until a moment at least.
  public func waitForFleet(_ key: CircuitKey, until: Int64) {
    memory.withLock { $0.circuits.waitForFleet(key, until: until) }
  }

  /// Nanoseconds that a circuit stays open yet; nil for one that is not open.
  public func opensFor(_ key: CircuitKey, now: Int64) -> Int64? {
    memory.withLock { $0.circuits.opensFor(key, now: now) }
  }

  /// Whether a request of this sidecar's came for a circuit since a moment.
  public func wasAsked(_ key: CircuitKey, since moment: Int64) -> Bool {
    memory.withLock { $0.circuits.wasAsked(key, since: moment) }
  }

  /// A probe ended before anything was known of its upstream: another may go.
  public func abandonProbe(_ key: CircuitKey) {
    memory.withLock { $0.circuits.abandonProbe(key) }
  }

  /// All circuits, by upstream and model.
  public func states(now: Int64) -> [CircuitReading] {
    memory.withLock { $0.circuits.states(now: now) }
  }

  /// Of two reasons the soonest to pass; an open circuit is told before a pause, since it says more.
  private static func sooner(_ one: CircuitRest, _ other: CircuitRest) -> CircuitRest {
    let until = min(one.until, other.until)
    if case .paused = one, case .paused = other { return .paused(until: until) }
    return .open(until: until)
  }
}

/// Where a request goes now.
public enum TargetChoice: Sendable, Equatable {
  /// To this place in the plan; `passedOver` says why not to an earlier one.
  case target(Int, passedOver: CircuitRest?)
  /// As `target`, and all others wait for what it finds.
  case probe(Int, change: CircuitChange?, passedOver: CircuitRest?)
  /// Nowhere: no target takes requests, the first to do so again does at this moment.
  case none(CircuitRest)
}
