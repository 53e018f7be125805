import Dispatch
import Logging
import WeirConfiguration
import WeirPolicy
import WeirStore

/// Keeps rollouts and the kill switch alike on all sidecars. A flip holds here at once; the store gives it a version, and
/// the others are told. Of two flips at the same time the store takes one first; the other is made again on top of it, so
/// that all end with the same. State on the queue only; callers never wait.
final class SharedRollouts: @unchecked Sendable {
  /// A change made here that the store has not accepted yet.
  private struct Pending {
    var record: FlipRecord
    /// False where the store was away: then what is newer there wins.
    var isLive: Bool
    var attempts = 0
    var isUnderWay = false
    /// Another change followed while this one was under way.
    var isOutdated = false
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
      if let last = flips.last { pending[name] = Pending(record: last, isLive: false) }
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
      pending[each.name] = Pending(record: each.change, isLive: false)
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
    let isUnderWay = pending[record.rollout]?.isUnderWay == true
    pending[record.rollout] = Pending(
      record: record, isLive: store.isUp, isUnderWay: isUnderWay, isOutdated: isUnderWay)
    send(record.rollout)
  }

  private func send(_ name: String) {
    guard store.isUp, let change = pending[name], !change.isUnderWay else { return }
    pending[name]?.isUnderWay = true
    let content = FleetRollout.content(change: change.record, flips: live.flips[name] ?? [])
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
    guard var change = pending[name] else { return }
    change.isUnderWay = false
    let isOutdated = change.isOutdated
    change.isOutdated = false
    pending[name] = change
    switch result {
    case .failure(let failure):
      // Whether it had an effect is seen when it is sent again: the store then has this very content.
      if failure == .down { pending[name]?.isLive = false }
      if failure == .late || failure == .broken { read() }
    case .success(let reply):
      guard let parts = reply.elements, parts.count == 2, let isAccepted = parts[0].number else { return }
      if isAccepted == 1, let version = parts[1].number {
        settle(name, FleetRollout(name: name, value: Array("\(version) ".utf8) + content), isDone: !isOutdated)
      } else if let value = parts[1].bytes, let theirs = FleetRollout(name: name, value: value) {
        overtaken(name, by: theirs, isSame: theirs.content == content, isOutdated: isOutdated)
      } else {
        logger.warning("shared state: a rollout in the store cannot be read", metadata: ["rollout": "\(name)"])
        pending[name] = nil
      }
    }
  }

  private func settle(_ name: String, _ accepted: FleetRollout?, isDone: Bool) {
    if let accepted { known[name] = accepted }
    if isDone { pending[name] = nil } else { send(name) }
  }

  /// Somebody else's change is newer than the one that this was made on.
  private func overtaken(_ name: String, by theirs: FleetRollout, isSame: Bool, isOutdated: Bool) {
    guard let change = pending[name] else { return }
    known[name] = theirs
    guard !isSame else { return settle(name, nil, isDone: !isOutdated) }
    guard change.isLive, change.attempts < Self.maximumAttempts else {
      live.adopt([theirs])
      pending[name] = nil
      logger.notice(
        "rollout change overruled",
        metadata: ["rollout": "\(name)", "change": "\(change.record.change)", "by": "\(theirs.change.who)"])
      return
    }
    pending[name]?.attempts += 1
    live.adopt([theirs], repeating: change.record)
    send(name)
  }
}
