import NIOCore
import Synchronization
import WeirPolicy
import WeirStore

/// Carries questions and settlements of limits and budgets to the store that sidecars share, and its answers back. Any
/// thread may use it.
final class FleetLimits: Sendable {
  private let store: SharedStore
  private let book: LimitBook
  private let admission = StoreScript(.admit, LimitScripts.admit)
  private let renewal = StoreScript(.lease, LimitScripts.admit)
  private let settlement = StoreScript(.settle, LimitScripts.settle)
  /// One settlement is on its way at a time, so that the store can tell which it has.
  private let turn = SettlementTurn()
  /// After a settlement that failed nothing is told until the next tick.
  private let rests = Atomic(false)
  private let fleetSize = Atomic(0)

  /// No request waits for settlements, and one whose end is not known is sent again.
  private static let settlementDeadline = Duration.seconds(1)

  /// From now on limits and budgets are the fleet's. Before the store is started.
  init(store: SharedStore, book: LimitBook, leasePercent: Int) {
    self.store = store
    self.book = book
    book.share(leasePercent: leasePercent)
    store.onJoin { [weak self] in self?.book.holdingsForgotten() }
    store.onChange { [weak self] isUp in
      self?.followFleetSize()
      if isUp { self?.tick() }
    }
  }

  /// Whether questions are asked at all.
  var isUp: Bool {
    if store.isUp { return true }
    followFleetSize()
    return false
  }

  /// Asks whether a request passes. The completion runs once, at the latest when the store's deadline is over; on any
  /// thread.
  func ask(_ call: FleetCall, _ completion: @escaping @Sendable (FleetAnswer) -> Void) {
    run(admission, call, deadline: nil) { [weak self] answer in
      // This sidecar's share is about to decide.
      if case .said = answer {} else { self?.followFleetSize() }
      completion(answer)
    }
  }

  /// Takes permits ahead, for which nobody waits.
  func renew(_ renewal: FleetRenewal, now: Int64) {
    run(self.renewal, renewal.call, deadline: nil) { [book] answer in
      book.renewed(renewal, answer, askedAt: now)
    }
  }

  /// Tells the store what there is to tell, unless that is being done. Returns at once.
  func tell() {
    guard store.isUp, !rests.load(ordering: .relaxed), turn.begin() else { return }
    tellNext()
  }

  private func tellNext() {
    guard let next = book.nextSettlement(now: Self.now) else {
      if turn.end() { tellNext() }
      return
    }
    run(settlement, next.call, deadline: Self.settlementDeadline) { [self] answer in
      if book.settled(next, answer, wall: WallClock.wholeSeconds()) {
        tellNext()
      } else {
        rests.store(true, ordering: .relaxed)
        turn.stop()
      }
    }
  }

  /// Each second: permits that were not used go back, and what the store did not take is told again.
  func tick() {
    followFleetSize()
    book.givePermitsBack(now: Self.now)
    rests.store(false, ordering: .relaxed)
    tell()
  }

  /// Whether the store knows all that it can be told now.
  var isSettled: Bool { !store.isUp || book.isSettled }

  private func followFleetSize() {
    let size = store.fleetSize
    if fleetSize.exchange(size, ordering: .relaxed) != size { book.setFleetSize(size) }
  }

  private func run(
    _ script: StoreScript, _ call: FleetCall, deadline: Duration?,
    _ completion: @escaping @Sendable (FleetAnswer) -> Void
  ) {
    let own = call.script == .settle ? ["h:", "a:"] : ["h:"]
    let keys = own.map { store.fleetKey($0 + store.sidecar) } + call.keys.map { store.fleetKey($0) }
    let arguments = [call.numbers, store.fleetBase, store.sidecar].map { Array($0.utf8) }
    store.run(script, keys: keys, arguments: arguments, deadline: deadline) { result in
      switch result {
      case .success(let reply): completion(reply.bytes.map(FleetAnswer.said) ?? .unknown)
      // Were these held against what was to be told, a store that is full now and then would make weir give it up.
      case .failure(let failure) where failure.isOfTheStore: completion(.notDone)
      case .failure(.refused): completion(.refused)
      case .failure(.down), .failure(.full): completion(.notDone)
      case .failure: completion(.unknown)
      }
    }
  }

  private static var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
}
