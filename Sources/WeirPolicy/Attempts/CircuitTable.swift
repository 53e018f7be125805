/// The circuits of all upstreams and models that were asked lately.
///
/// Models are named by clients, so the number is bounded: when there is no room, what has not failed lately is
/// forgotten, and what finds no room even then is asked without a circuit. Plain value; the caller guards it.
struct CircuitTable: Sendable {
  static let maximumCircuits = 1024
  /// Between two searches for room that found none.
  private static let sweepPause: Int64 = 1_000_000_000

  private var policy: ResiliencePolicy.Circuit
  private var circuits: [CircuitKey: CircuitBreaker] = [:]
  private var nextSweep = Int64.min

  init(policy: ResiliencePolicy.Circuit) {
    self.policy = policy
  }

  var count: Int { circuits.count }

  /// Why no request may go now; nil when one may. Changes nothing.
  func rest(of key: CircuitKey, now: Int64) -> CircuitRest? { circuits[key]?.rest(now: now) }

  /// Whether a request may go. Who gets a probe owes `record` or `abandonProbe`.
  mutating func admit(_ key: CircuitKey, now: Int64) -> CircuitAdmission {
    if let index = circuits.index(forKey: key) { return circuits.values[index].admit(now: now) }
    add(key, now: now)
    return .allowed
  }

  mutating func record(
    _ key: CircuitKey, _ outcome: CircuitOutcome, wasProbe: Bool, now: Int64
  ) -> CircuitChange? {
    guard let index = circuits.index(forKey: key) ?? add(key, now: now) else { return nil }
    return circuits.values[index].record(outcome, wasProbe: wasProbe, policy: policy, now: now)
  }

  /// Leaves a model alone until a moment; an earlier one changes nothing.
  mutating func pause(_ key: CircuitKey, until: Int64, now: Int64) {
    guard let index = circuits.index(forKey: key) ?? add(key, now: now) else { return }
    circuits.values[index].pause(until: until)
  }

  mutating func openByFleet(_ key: CircuitKey, until: Int64, now: Int64) -> CircuitChange? {
    guard let index = circuits.index(forKey: key) ?? add(key, now: now) else { return nil }
    return circuits.values[index].openByFleet(until: until, policy: policy, now: now)
  }

  mutating func closeByFleet(_ key: CircuitKey) -> CircuitChange? {
    guard let index = circuits.index(forKey: key) else { return nil }
    return circuits.values[index].closeByFleet()
  }

  mutating func waitForFleet(_ key: CircuitKey, until: Int64) {
    guard let index = circuits.index(forKey: key) else { return }
    circuits.values[index].waitForFleet(until: until)
  }

  func wasAsked(_ key: CircuitKey, since moment: Int64) -> Bool {
    circuits[key]?.wasAsked(since: moment) ?? false
  }

  /// How long a circuit stays open yet; nil for one that is not.
  func opensFor(_ key: CircuitKey, now: Int64) -> Int64? { circuits[key]?.reading(now: now).opensFor }

  mutating func abandonProbe(_ key: CircuitKey) {
    guard let index = circuits.index(forKey: key) else { return }
    circuits.values[index].abandonProbe()
  }

  /// Takes another policy; every circuit stays as it is, unless the policy has none.
  mutating func replace(_ policy: ResiliencePolicy.Circuit) -> [CircuitChange] {
    self.policy = policy
    var changes: [CircuitChange] = []
    for index in circuits.values.indices {
      if let change = circuits.values[index].replace(policy) { changes.append(change) }
    }
    return changes
  }

  /// All circuits, by upstream and model. One that is not closed and that nobody asks any longer is forgotten first: no
  /// probe would ever close it, and whoever looks at it would think for ever that something is wrong.
  mutating func states(now: Int64) -> [CircuitReading] {
    if circuits.values.contains(where: { Self.isMemory($0, now: now) }) {
      circuits = circuits.filter { !Self.isMemory($0.value, now: now) }
    }
    return circuits.values.map { $0.reading(now: now) }
      .sorted { ($0.key.upstream, $0.key.model) < ($1.key.upstream, $1.key.model) }
  }

  private static func isMemory(_ circuit: CircuitBreaker, now: Int64) -> Bool {
    circuit.state != .closed && circuit.isForgettable(now: now)
  }

  @discardableResult
  private mutating func add(_ key: CircuitKey, now: Int64) -> Dictionary<CircuitKey, CircuitBreaker>.Index? {
    guard circuits.count < Self.maximumCircuits || sweep(now: now) else { return nil }
    circuits[key] = CircuitBreaker(key: key, policy: policy, now: now)
    return circuits.index(forKey: key)
  }

  /// True when there is room again.
  private mutating func sweep(now: Int64) -> Bool {
    guard now >= nextSweep else { return false }
    circuits = circuits.filter { !$0.value.isForgettable(now: now) }
    guard circuits.count >= Self.maximumCircuits else { return true }
    nextSweep = Moment.after(Self.sweepPause, from: now)
    return false
  }
}
