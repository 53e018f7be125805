import Synchronization

/// The store that sidecars share: a client of Redis (6 and later) or Valkey. One I/O thread for all its connections; what
/// is queued while it was busy goes out in one write. No call blocks, whatever the store does.
public final class SharedStore: Sendable {
  /// What every key begins with; hash tags within it are the caller's.
  public let prefix: String
  /// The random id of this process, 16 hexadecimal digits.
  public let sidecar: String
  let settings: StoreSettings
  let observer: any StoreObserver
  let mailbox: StoreMailbox
  let bulkUp = Atomic<Bool>(false)
  let decisionsUp = Atomic<Bool>(false)
  let sidecars = Atomic<Int>(1)
  let waitingCalls = Atomic<Int>(0)
  let waitingBytes = Atomic<Int>(0)
  let listeners = Mutex(StoreListeners())
  private let reason = Mutex("no answer yet")

  /// More than a proxy asks within a deadline; a store that hangs must not fill the memory.
  private static let maximumCalls = 20_000
  private static let maximumBytes = 64 << 20
  /// The most memory that the client takes, in bytes: what waits, as it was asked and as it goes out, and on each connection
  /// an answer: as it came, as hiredis makes a value of it, and as weir does.
  public static let memoryBound = 2 * maximumBytes + StoreLoop.roles.count * 3 * StoreReader.maximumBytes

  /// Nothing is sent before `start`.
  public init(_ settings: StoreSettings, observer: any StoreObserver) throws(StoreStartError) {
    self.settings = settings
    self.observer = observer
    prefix = settings.prefix
    var digits = String(UInt64.random(in: .min ... .max), radix: 16)
    digits = String(repeating: "0", count: 16 - digits.count) + digits
    sidecar = digits
    mailbox = try StoreMailbox()
  }

  /// Starts the I/O thread. Once; after what has to be known from the beginning is subscribed to.
  public func start() throws(StoreStartError) {
    try StoreLoop.start(self)
  }

  /// Leaves the fleet, ends the connections and the thread, and waits for that, a quarter of a second at most. Not on an
  /// event loop. Calls afterwards are `.down`.
  public func stop() {
    mailbox.post { $0.isStopping = true }
    mailbox.waitForEnd(milliseconds: 250)
  }

  /// Whether calls are sent at all: connected, let in, and the latest answers in time. Any thread; one atomic load.
  public var isUp: Bool { decisionsUp.load(ordering: .relaxed) }

  /// As `isUp`, for calls of that lane.
  public func isUp(_ lane: StoreLane) -> Bool {
    switch lane {
    case .decisions: decisionsUp.load(ordering: .relaxed)
    case .bulk: bulkUp.load(ordering: .relaxed)
    }
  }

  /// Sidecars that were alive within the last ten seconds, this one included; the last known number while the store is
  /// away. At least 1.
  public var fleetSize: Int { max(sidecars.load(ordering: .relaxed), 1) }

  /// A key that belongs with the fleet's others (limits, budgets, rollouts, members): all have one hash tag, so that one
  /// script may use several in a cluster.
  public func fleetKey(_ name: String) -> String { fleetBase + name }

  /// What the keys of `fleetKey` begin with.
  public var fleetBase: String { prefix + "{fleet}:" }

  // MARK: Calls

  /// Runs a script. Any thread. The completion runs exactly once: on the I/O thread (hop away at once, never block there),
  /// or, where nothing is sent, on this thread before `run` returns; after `deadline` at the latest, even when the store hangs.
  public func run(
    _ script: StoreScript, keys: [String], arguments: [[UInt8]], deadline: Duration? = nil,
    lane: StoreLane = .decisions, _ completion: @escaping @Sendable (Result<StoreReply, StoreFailure>) -> Void
  ) {
    let words = [Array("\(keys.count)".utf8)] + keys.map { Array($0.utf8) } + arguments
    call(script.operation, script, words.count + 2, StoreWire.words(words), deadline, lane, completion)
  }

  /// Sends a command. As `run`.
  public func command(
    _ operation: StoreOperation, _ words: [[UInt8]], deadline: Duration? = nil, lane: StoreLane = .decisions,
    _ completion: @escaping @Sendable (Result<StoreReply, StoreFailure>) -> Void
  ) {
    call(operation, nil, words.count, StoreWire.words(words), deadline, lane, completion)
  }

  private func call(
    _ operation: StoreOperation, _ script: StoreScript?, _ count: Int, _ words: [UInt8], _ deadline: Duration?,
    _ lane: StoreLane, _ completion: @escaping StoreCall.Completion
  ) {
    let now = StoreClock.now()
    let call = StoreCall(
      operation: operation, script: script, wordCount: count, words: words, begun: now,
      deadline: now + (deadline ?? settings.deadline).storeNanoseconds, completion: completion)
    guard isUp(lane) else { return refuse(call, .down) }
    let calls = waitingCalls.add(1, ordering: .relaxed).newValue
    let bytes = waitingBytes.add(call.byteCount, ordering: .relaxed).newValue
    guard calls <= Self.maximumCalls, bytes <= Self.maximumBytes else {
      forget(call)
      return refuse(call, .full)
    }
    guard mailbox.post({ $0.calls.append((lane, call)) }) else {
      forget(call)
      return refuse(call, .down)
    }
  }

  private func refuse(_ call: StoreCall, _ failure: StoreFailure) {
    observer.finished(call.operation, after: 0, failure: failure)
    call.completion(.failure(failure))
  }

  /// Why the store takes no calls, for people; empty while it does. Any thread.
  public var trouble: String { reason.withLock { $0 } }

  func note(_ trouble: String) { reason.withLock { $0 = trouble } }

  func forget(_ call: StoreCall) {
    waitingCalls.subtract(1, ordering: .relaxed)
    waitingBytes.subtract(call.byteCount, ordering: .relaxed)
  }

  // MARK: Listening

  /// Hears the messages of `prefix + channel`. `onReconnect` runs whenever the channel is subscribed to, at first too: what
  /// was said before is lost, so versions have to be read again. Both on the I/O thread.
  public func subscribe(
    _ channel: String, onMessage: @escaping @Sendable ([UInt8]) -> Void, onReconnect: @escaping @Sendable () -> Void
  ) {
    let name = prefix + channel
    listeners.withLock { $0.channels[name, default: []].append((onMessage, onReconnect)) }
    mailbox.post { $0.channels.append(name) }
  }

  /// Runs on every change of `isUp`, on the I/O thread.
  public func onChange(_ body: @escaping @Sendable (Bool) -> Void) {
    listeners.withLock { $0.changes.append(body) }
  }

  /// Runs when the store did not know this sidecar at its heartbeat: it has just begun, was thought dead and has lost what
  /// it held, or the store has lost its data. Also where that cannot be known, since a connection ended before the answer. On the
  /// I/O thread, before `isUp` turns true.
  public func onJoin(_ body: @escaping @Sendable () -> Void) {
    listeners.withLock { $0.joins.append(body) }
  }

  /// Runs when a heartbeat brings another number under `name` in the fleet's hash `versions` than the last, so within a
  /// second of its change, and with the first number that is seen. On the I/O thread.
  public func onVersion(_ name: String, _ body: @escaping @Sendable (Int64) -> Void) {
    listeners.withLock { $0.versions[name, default: []].append(body) }
  }
}

/// The I/O thread could not be started: no descriptor, no thread.
public struct StoreStartError: Error, CustomStringConvertible {
  /// What the system said.
  public let description: String
}

/// Who is told of what.
struct StoreListeners {
  typealias Channel = (message: @Sendable ([UInt8]) -> Void, reconnect: @Sendable () -> Void)

  var channels: [String: [Channel]] = [:]
  var changes: [@Sendable (Bool) -> Void] = []
  var joins: [@Sendable () -> Void] = []
  var versions: [String: [@Sendable (Int64) -> Void]] = [:]
}
