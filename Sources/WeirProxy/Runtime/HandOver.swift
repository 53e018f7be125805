import CWeirSystem
import Glibc
import NIOCore
import Synchronization

/// How a new process takes over from this one without a connection lost: it says that it comes (`POST /hand-over`), its
/// listeners then share the addresses of these, and once it has begun to listen it sends SIGUSR2. Any thread may use it.
///
/// The kernel gives all new connections to the process that listened last, and what this one's queues hold is accepted
/// here. See `Proxy.drainAndStop` for the rest.
final class HandOver: Sendable {
  /// What takes new connections in a process, and the process that is to take them over.
  enum Failure: Error, CustomStringConvertible {
    /// The kernel refused, by its errno.
    case system(CInt)
    /// The listener has no socket of the system's.
    case noSocket
    /// The process drains, or another one takes over from it at this moment.
    case isTaken

    var description: String {
      switch self {
      case .system(let code): unsafe String(cString: strerror(code))
      case .noSocket: "the listener has no socket"
      case .isTaken: "this process drains, or another one takes over from it at this moment"
      }
    }
  }

  private let state: ProxyState
  private let chores: Chores
  private let listeners = Mutex<[any Channel]>([])
  private let isPrepared = Atomic<Bool>(false)
  /// From when on a process that announces itself is answered.
  private let nextTurn: Mutex<NIODeadline>
  /// The process that was answered last, and until when it is waited for.
  private let awaited = Mutex<(pid: Int32, until: NIODeadline)?>(nil)

  /// How long a hand-over takes at most, from the announcement until the old process has closed its listeners; with room
  /// for a busy machine. The kernel steers by the sockets' order, so that a third process beside these two would be given
  /// no connection, and what it asks of the newest process would reach one that leaves.
  private static let settlingTime = TimeAmount.seconds(3)
  /// How long a process may take to start whose number is known, as long as it lives. Were another one answered meanwhile,
  /// both would listen, and only one of them would ever be told to leave.
  private static let startTime = TimeAmount.seconds(60)

  /// - Parameter followsAnother: whether this process has taken over from another one a moment ago.
  init(state: ProxyState, chores: Chores, followsAnother: Bool) {
    self.state = state
    self.chores = chores
    nextTurn = Mutex(.now() + (followsAnother ? Self.settlingTime : .zero))
  }

  /// Names the listeners that a new process may share.
  func watch(_ channels: [any Channel]) { listeners.withLock { $0 = channels } }

  /// A new process is about to start. Once the last hand-over is behind this one, the spending file is written, and the
  /// new process's listeners may share these addresses. Blocks the event loop for the writing.
  ///
  /// - Parameter successor: the new process's number, where it says that.
  func prepare(for successor: Int32?, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    guard let turn = takeTurn() else { return eventLoop.makeFailedFuture(Failure.isTaken) }
    return eventLoop.scheduleTask(deadline: turn) { self.share(with: successor, on: eventLoop) }.futureResult
      .flatMap { $0 }
  }

  /// When a process that announces itself now is answered; nil where another one waits already.
  private func takeTurn() -> NIODeadline? {
    nextTurn.withLock { next in
      let now = NIODeadline.now()
      guard next <= now + Self.settlingTime else { return nil }
      let turn = max(next, now)
      next = turn + Self.settlingTime
      return turn
    }
  }

  private func share(with successor: Int32?, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    guard !state.isDraining, !state.isHandedOver, !isAnotherStarting else {
      return eventLoop.makeFailedFuture(Failure.isTaken)
    }
    awaited.withLock { $0 = successor.map { ($0, .now() + Self.startTime) } }
    chores.prepareHandOver()
    isPrepared.store(true, ordering: .relaxed)
    let shared = listeners.withLock { $0 }.map { Self.withSocket(of: $0, weir_share_address) }
    return EventLoopFuture.andAllSucceed(shared, on: eventLoop)
  }

  /// Whether the process that was answered last is still about to listen.
  var isAnotherStarting: Bool {
    guard let awaited = awaited.withLock({ $0 }), awaited.pid > 1, awaited.until > .now() else { return false }
    return kill(awaited.pid, 0) == 0 || errno == EPERM
  }

  /// The new process listens. False when none has announced itself, or another one has taken over: nothing is handed over
  /// then. Nor is a process told to drain that does so already: a second time means that it is to end at once.
  func complete() -> Bool {
    guard isPrepared.load(ordering: .relaxed), !state.isHandedOver else { return false }
    let isDraining = state.isDraining
    state.noteHandOver()
    return !isDraining
  }

  /// Makes this process the one that new connections go to, of those that share its addresses.
  static func steerHere(_ channels: [any Channel]) async throws {
    for channel in channels { try await withSocket(of: channel, weir_steer_to_last).get() }
  }

  private static func withSocket(
    of channel: any Channel, _ change: @escaping @Sendable (CInt) -> CInt
  ) -> EventLoopFuture<Void> {
    channel.eventLoop.submit {
      let code = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
        change($0)
      }
      guard let code else { throw Failure.noSocket }
      guard code == 0 else { throw Failure.system(code) }
    }
  }
}
