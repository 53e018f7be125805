import Dispatch
import Logging
import WeirConfiguration
import WeirPolicy
import WeirStore

/// Keeps rollouts and the kill switch alike on all sidecars. A flip holds here at once; the store gives it a version, and
/// the others are told. Of two flips at the same time the store takes one first; the other is made again on top of it, so
/// that all end with the same. State on the queue only; callers never wait.
final class SharedRollouts: @unchecked Sendable {
  /// Changes of a rollout made here that the store has not accepted yet, in their order.
  private struct Pending {
    var records: [FlipRecord]
    /// False where the store was away: then what is newer there wins.
    var isLive: Bool
    var attempts = 0
    /// How many of the records the call that is under way has; nil while none is.
    var sent: Int?
  }

  /// Not on a request's way, so it has time.
  private static let deadline = Duration.seconds(1)
  private static let maximumAttempts = 20

  private let store: SharedStore
  private let live: LiveConfiguration
  private let logger: Logger
  private let queue = DispatchQueue(label: "weir.rollouts")
  /// The versions that what is in effect here has.
  private var known: [String: FleetRollout] = [:]
  private var pending: [String: Pending] = [:]
  private var isReading = false
  private var mustReadAgain = false

  init(store: SharedStore, live: LiveConfiguration, logger: Logger) {
    self.store = store
    self.live = live
    self.logger = logger
  }

  /// Before the store is started. What was flipped before counts as made while the store was away.
  func start() {
    for (name, flips) in live.flips {
      if !flips.isEmpty { pending[name] = Pending(records: flips, isLive: false) }
    }
    live.whenFlipped { [weak self] record in
      guard let self else { return }
      queue.async { self.flipped(record) }
    }
    let read: @Sendable () -> Void = { [weak self] in
      guard let self else { return }
      queue.async { self.read() }
    }
    store.onChange { if $0 { read() } }
    store.onJoin(read)
    store.onVersion(FleetRolloutScripts.topic) { _ in read() }
    let me = Array(store.sidecar.utf8)
    store.subscribe(FleetRolloutScripts.topic, onMessage: { if $0 != me { read() } }, onReconnect: read)
  }

  // MARK: What others did

  private func read() {
    guard store.isUp else { return }
    guard !isReading else {
      mustReadAgain = true
      return
    }
    isReading = true
    let words = ["HGETALL", store.fleetKey(FleetRolloutScripts.topic)].map { Array($0.utf8) }
    store.command(.rollouts, words, deadline: Self.deadline) { [weak self] result in
      guard let self else { return }
      queue.async { self.wasRead(result) }
    }
  }

  private func wasRead(_ result: Result<StoreReply, StoreFailure>) {
    isReading = false
    if case .success(let reply) = result, let fleet = Self.rollouts(reply) { take(fleet) }
    guard mustReadAgain else { return }
    mustReadAgain = false
    read()
  }

  /// By name; nil for what is no hash. What cannot be read is left alone.
  private static func rollouts(_ reply: StoreReply) -> [String: FleetRollout]? {
    guard let parts = reply.elements else { return nil }
    var rollouts: [String: FleetRollout] = [:]
    var index = 0
    while index + 1 < parts.count, rollouts.count < 1000 {
      if let name = parts[index].bytes, let value = parts[index + 1].bytes {
        let name = String(decoding: name, as: UTF8.self)
        rollouts[name] = FleetRollout(name: name, value: value)
      }
      index += 2
    }
    return rollouts
  }

  private func take(_ fleet: [String: FleetRollout]) {
    // What is under way here is settled by its own answer.
    let news = fleet.values.filter { $0.version > known[$0.name]?.version ?? 0 && pending[$0.name] == nil }
    for each in news { known[each.name] = each }
    live.adopt(news.sorted { $0.name < $1.name })
    for (name, mine) in known where fleet[name] == nil { restore(mine) }
    // A store that has lost its data began to count anew before anybody restored it: the latest word of the two holds,
    // under a version that everybody takes.
    for each in fleet.values where each.version < known[each.name]?.version ?? 0 && pending[each.name] == nil {
      live.adopt([each])
      pending[each.name] = Pending(records: [each.change], isLive: false)
    }
    for name in pending.keys.sorted() { send(name) }
  }

  private func restore(_ rollout: FleetRollout) {
    store.run(
      FleetRolloutScripts.restore, keys: keys,
      arguments: [Array(rollout.name.utf8), Array("\(rollout.version)".utf8), rollout.content],
      deadline: Self.deadline
    ) { _ in }
  }

  // MARK: What was done here

  private func flipped(_ record: FlipRecord) {
    live.tookUp(record)
    var changes = pending[record.rollout] ?? Pending(records: [], isLive: false)
    changes.records.append(record)
    changes.isLive = store.isUp
    pending[record.rollout] = changes
    send(record.rollout)
  }

  private func send(_ name: String) {
    guard store.isUp, let changes = pending[name], changes.sent == nil, let last = changes.records.last else { return }
    pending[name]?.sent = changes.records.count
    let content = FleetRollout.content(change: last, flips: live.flips[name] ?? [])
    let base = known[name]?.version ?? 0
    let arguments = [
      Array(name.utf8), Array("\(base)".utf8), content, Array((store.prefix + FleetRolloutScripts.topic).utf8),
      Array(store.sidecar.utf8),
    ]
    store.run(FleetRolloutScripts.change, keys: keys, arguments: arguments, deadline: Self.deadline) {
      [weak self] result in
      guard let self else { return }
      queue.async { self.answered(name, content, result) }
    }
  }

  private var keys: [String] { [store.fleetKey(FleetRolloutScripts.topic), store.fleetKey("versions")] }

  private func answered(_ name: String, _ content: [UInt8], _ result: Result<StoreReply, StoreFailure>) {
    guard let sent = pending[name]?.sent else { return }
    pending[name]?.sent = nil
    switch result {
    case .failure(let failure):
      // Whether it had an effect is seen when it is sent again: the store then has this very content.
      if failure == .down { pending[name]?.isLive = false }
      if failure == .late || failure == .broken { read() }
    case .success(let reply):
      guard let parts = reply.elements, parts.count == 2, let isAccepted = parts[0].number else { return }
      if isAccepted == 1, let version = parts[1].number {
        settle(name, sent, FleetRollout(name: name, value: Array("\(version) ".utf8) + content))
      } else if let value = parts[1].bytes, let theirs = FleetRollout(name: name, value: value) {
        if theirs.content == content { settle(name, sent, theirs) } else { overtaken(name, by: theirs) }
      } else {
        logger.warning("shared state: a rollout in the store cannot be read", metadata: ["rollout": "\(name)"])
        pending[name] = nil
      }
    }
  }

  /// The store has what was sent; what followed meanwhile goes next.
  private func settle(_ name: String, _ sent: Int, _ accepted: FleetRollout?) {
    if let accepted { known[name] = accepted }
    guard var changes = pending[name] else { return }
    changes.records.removeFirst(min(sent, changes.records.count))
    changes.attempts = 0
    pending[name] = changes.records.isEmpty ? nil : changes
    send(name)
  }

  /// Somebody else's change is newer than the one that these were made on.
  private func overtaken(_ name: String, by theirs: FleetRollout) {
    guard let changes = pending[name] else { return }
    known[name] = theirs
    guard changes.isLive, changes.attempts < Self.maximumAttempts else {
      live.adopt([theirs])
      pending[name] = nil
      logger.notice(
        "rollout change overruled",
        metadata: ["rollout": "\(name)", "changes": "\(changes.records.map(\.change))", "by": "\(theirs.change.who)"])
      return
    }
    pending[name]?.attempts += 1
    live.adopt([theirs], repeating: changes.records)
    send(name)
  }
}
