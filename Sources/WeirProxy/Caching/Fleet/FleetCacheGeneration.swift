import Dispatch
import Synchronization
import WeirPolicy
import WeirStore

/// Which generation of the fleet's cache counts, and what the memory of this process has to let go when another begins.
/// Any thread may use it. Learnt by a message, or at the next heartbeat where that was lost.
final class FleetCacheGeneration: Sendable {
  private struct State {
    /// The last that was heard of.
    var known: FleetGeneration?
    /// Whether it is the store's for all that is known.
    var isCurrent = false
    /// A clearing that the store has not confirmed: its pattern.
    var pending: String?
    var isAsking = false
  }

  private let store: SharedStore
  private let memory: ReplyCache
  private let state = Mutex(State())
  /// Letting many replies go takes time, and the store's thread has none.
  private let queue = DispatchQueue(label: "weir.fleet-purge", qos: .utility)

  private static let channel = "cache"

  init(store: SharedStore, memory: ReplyCache) {
    self.store = store
    self.memory = memory
    store.subscribe(
      Self.channel, onMessage: { [weak self] in self?.learn($0) }, onReconnect: { [weak self] in self?.doubt() })
    store.onChange { [weak self] _ in self?.doubt() }
    store.onVersion(Self.channel) { [weak self] in self?.check($0) }
  }

  /// Nil while it is not known for sure.
  var current: UInt64? { state.withLock { $0.isCurrent ? $0.known?.number : nil } }

  /// Asks, where that is due.
  func askAgain() {
    if state.withLock({ !$0.isCurrent && !$0.isAsking }) { ask() }
  }

  func clear(_ pattern: String?) -> Bool {
    let text = FleetGeneration.text(pattern)
    state.withLock { state in
      state.pending = state.pending == nil || state.pending == text ? text : "*"
      state.isCurrent = false
    }
    ask()
    return store.isUp
  }

  /// What is known may be out of date.
  private func doubt() {
    state.withLock { $0.isCurrent = false }
    ask()
  }

  private func check(_ number: Int64) {
    if state.withLock({ Int64(clamping: $0.known?.number ?? 0) != number }) { doubt() }
  }

  private func ask() {
    guard store.isUp else { return }
    let (known, pending) = state.withLock { state in
      state.isAsking = true
      return (state.known?.text ?? [], state.pending)
    }
    let keys = [store.fleetKey("cachegen"), store.fleetKey("versions")]
    let completion: @Sendable (Result<StoreReply, StoreFailure>) -> Void = { [weak self] result in
      self?.answered(result, pending: pending)
    }
    if let pending {
      store.run(
        FleetCacheScripts.clear, keys: keys,
        arguments: [known, Array((store.prefix + Self.channel).utf8), Array(pending.utf8)], completion)
    } else {
      store.run(FleetCacheScripts.generation, keys: keys, arguments: [known], completion)
    }
  }

  private func answered(_ result: Result<StoreReply, StoreFailure>, pending: String?) {
    let text = (try? result.get())?.bytes
    state.withLock { state in
      state.isAsking = false
      if text != nil, pending != nil, state.pending == pending { state.pending = nil }
    }
    if let text { learn(text) }
  }

  private func learn(_ text: [UInt8]) {
    guard let next = FleetGeneration(text) else { return }
    let purge: FleetGeneration.Purge = state.withLock { state in
      if let known = state.known, known.number > next.number { return .none }
      let purge = next.purge(after: state.known?.number)
      state.known = next
      state.isCurrent = state.pending == nil
      return purge
    }
    switch purge {
    case .none: return
    case .models(let pattern): queue.async { [memory] in _ = memory.remove(model: pattern) }
    case .all: queue.async { [memory] in _ = memory.removeAll() }
    }
  }
}
