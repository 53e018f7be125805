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

    var description: String {
      switch self {
      case .system(let code): unsafe String(cString: strerror(code))
      case .noSocket: "the listener has no socket"
      }
    }
  }

  private let state: ProxyState
  private let chores: Chores
  private let listeners = Mutex<[any Channel]>([])
  private let isPrepared = Atomic<Bool>(false)

  init(state: ProxyState, chores: Chores) {
    self.state = state
    self.chores = chores
  }

  /// Names the listeners that a new process may share.
  func watch(_ channels: [any Channel]) { listeners.withLock { $0 = channels } }

  /// A new process is about to start. Its spending file is written, and its listeners may share these addresses. Blocks.
  func prepare(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    chores.prepareHandOver()
    isPrepared.store(true, ordering: .relaxed)
    let shared = listeners.withLock { $0 }.map { Self.withSocket(of: $0, weir_share_address) }
    return EventLoopFuture.andAllSucceed(shared, on: eventLoop)
  }

  /// The new process listens. False when none has announced itself: then nothing is handed over.
  func complete() -> Bool {
    guard isPrepared.load(ordering: .relaxed) else { return false }
    state.noteHandOver()
    return true
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
