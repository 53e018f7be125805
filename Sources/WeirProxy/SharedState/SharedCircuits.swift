import Dispatch
import NIOCore
import Synchronization
import WeirPolicy
import WeirStore

/// Tells other sidecars of circuits that open and close, and lets one of them probe for all. Nothing of it is kept in the
/// store but who probes: a sidecar that misses a message finds out by itself, as it would alone. Any thread may use it.
final class SharedCircuits: Sendable {
  private static let topic = "circuits"
  /// How long one sidecar has to probe before another may be elected.
  private static let term: Int64 = 5_000_000_000
  /// Before the open time is over, so that its end finds the election done.
  private static let lead: Int64 = 300_000_000
  private static let deadline = Duration.seconds(1)
  /// A sidecar whose last request for a circuit is longer ago has no part in the election.
  private static let interest: Int64 = 60_000_000_000
  /// KEYS: who probes. ARGV: the sidecar, its term in milliseconds. 1 where it is the one.
  private static let election = StoreScript(
    .circuits,
    """
    local elected = redis.call('GET', KEYS[1])
    if elected and elected ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    return 1
    """)

  private let store: SharedStore
  private let attempts: AttemptBook
  private let queue = DispatchQueue(label: "weir.circuits")
  private let elections = Mutex(CircuitElections())

  init(store: SharedStore, attempts: AttemptBook) {
    self.store = store
    self.attempts = attempts
  }

  /// Before the store is started. `state` knows the upstreams' names and logs what changes.
  func start(_ state: @escaping @Sendable () -> ProxyState) {
    store.subscribe(
      Self.topic,
      onMessage: { [weak self] message in
        guard let self, let news = Message(message), news.sidecar != store.sidecar else { return }
        queue.async { self.heard(news, state()) }
      }, onReconnect: {})
  }

  /// A circuit has changed here. What came from the fleet does not go back to it.
  func tell(_ change: CircuitChange) {
    guard change.reason != .fleet, change.reason != .switchedOff else { return }
    switch change.to {
    case .halfOpen: return
    case .closed: publish(change.key, opensFor: 0)
    case .open:
      guard let opensFor = attempts.opensFor(change.key, now: Self.now()) else { return }
      publish(change.key, opensFor: opensFor)
      elect(change.key, after: opensFor)
    }
  }

  private func publish(_ key: CircuitKey, opensFor: Int64) {
    let message = Message(sidecar: store.sidecar, opensFor: opensFor, key: key).text
    let words = ["PUBLISH", store.prefix + Self.topic, message].map { Array($0.utf8) }
    store.command(.circuits, words, deadline: Self.deadline) { _ in }
  }

  private func heard(_ news: Message, _ state: ProxyState) {
    guard state.current.upstreams.contains(where: { $0.name == news.key.upstream }) else { return }
    let now = Self.now()
    guard news.opensFor > 0 else {
      if let change = attempts.closeByFleet(news.key) { state.log(change) }
      return
    }
    let (until, isOver) = now.addingReportingOverflow(news.opensFor)
    if let change = attempts.openByFleet(news.key, until: isOver ? .max : until, now: now) { state.log(change) }
    if let opensFor = attempts.opensFor(news.key, now: now) { elect(news.key, after: opensFor) }
  }

  // MARK: Who probes

  /// When the circuit's time is nearly over, one sidecar is made the one that probes; the others wait for what it finds,
  /// and elect another where they hear nothing. Without the store each finds out by itself.
  private func elect(_ key: CircuitKey, after nanoseconds: Int64) {
    let wait = max(nanoseconds - Self.lead, 0)
    let (moment, isOver) = Self.now().addingReportingOverflow(wait)
    guard !isOver, elections.withLock({ $0.announce(key, at: moment) }) else { return }
    queue.asyncAfter(deadline: .now() + .nanoseconds(Int(wait))) { [weak self] in
      guard let self, elections.withLock({ $0.isDue(key, at: moment) }) else { return }
      elect(key)
    }
  }

  private func elect(_ key: CircuitKey) {
    let now = Self.now()
    guard let opensFor = attempts.opensFor(key, now: now) else { return }
    // Elected, a sidecar without a request for it would keep all others waiting for its whole term.
    guard attempts.wasAsked(key, since: now - Self.interest) else { return }
    // It was opened again meanwhile, and will be elected for then.
    guard opensFor <= 2 * Self.lead else { return }
    let name = store.fleetKey("probe:" + SharedDigest.hex([key.upstream, key.model]))
    let arguments = [Array(store.sidecar.utf8), Array("\(Self.term / 1_000_000)".utf8)]
    store.run(Self.election, keys: [name], arguments: arguments, deadline: .milliseconds(200)) { [weak self] result in
      guard let self, result == .success(.integer(0)) else { return }
      attempts.waitForFleet(key, until: Self.now() + Self.term)
      elect(key, after: Self.term)
    }
  }

  private static func now() -> Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

  /// `SIDECAR NANOSECONDS UPSTREAM MODEL`; zero nanoseconds is a circuit that closed.
  struct Message: Equatable {
    let sidecar: String
    let opensFor: Int64
    let key: CircuitKey

    init(sidecar: String, opensFor: Int64, key: CircuitKey) {
      (self.sidecar, self.opensFor, self.key) = (sidecar, opensFor, key)
    }

    /// Nil for what is none.
    init?(_ bytes: [UInt8]) {
      guard bytes.count <= 2048 else { return nil }
      let parts = String(decoding: bytes, as: UTF8.self).split(
        separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count == 4, let opensFor = Int64(parts[1]), opensFor >= 0, !parts[2].isEmpty else { return nil }
      self.init(
        sidecar: String(parts[0]), opensFor: opensFor,
        key: CircuitKey(upstream: String(parts[2]), model: String(parts[3])))
    }

    var text: String { "\(sidecar) \(opensFor) \(key.upstream) \(key.model)" }
  }
}
