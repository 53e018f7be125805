import NIOCore
import NIOPosix
import WeirUpstream

/// The context of every event loop. Made once at start and read from any thread; a context itself is only touched on
/// its own loop.
final class LoopDirectory: Sendable {
  /// Of all the loops.
  let barrier: LoopBarrier
  private let contexts: [(id: ObjectIdentifier, context: NIOLoopBound<LoopContext>)]

  private init(_ contexts: [(id: ObjectIdentifier, context: NIOLoopBound<LoopContext>)], barrier: LoopBarrier) {
    self.contexts = contexts
    self.barrier = barrier
  }

  /// Makes a context on every loop of the group; throws when libcurl or the kernel has no resources left.
  static func make(
    group: MultiThreadedEventLoopGroup, state: ProxyState, barrier: LoopBarrier, honoursProxies: Bool
  ) async throws -> LoopDirectory {
    var contexts: [(id: ObjectIdentifier, context: NIOLoopBound<LoopContext>)] = []
    for loop in group.makeIterator() {
      let context = try await loop.submit {
        NIOLoopBound(
          try LoopContext(eventLoop: loop, state: state, barrier: barrier, honoursProxies: honoursProxies),
          eventLoop: loop)
      }.get()
      let engine = try await loop.submit { NIOLoopBound(context.value.engine, eventLoop: loop) }.get()
      try await UpstreamEngine.wakeByKernel(engine)
      contexts.append((ObjectIdentifier(loop), context))
    }
    return LoopDirectory(contexts, barrier: barrier)
  }

  /// How many loops there are.
  var count: Int { contexts.count }

  /// On the loop itself only.
  func context(of eventLoop: any EventLoop) -> LoopContext {
    let id = ObjectIdentifier(eventLoop)
    for entry in contexts where entry.id == id { return entry.context.value }
    preconditionFailure("an event loop of another group")
  }

  /// Hands a new configuration to every loop; requests that are on their way keep theirs.
  func replace(_ snapshot: RuntimeSnapshot) {
    guard !barrier.loopsStop else { return }
    for (_, bound) in contexts { bound.eventLoop.execute { bound.value.snapshot = snapshot } }
  }

  /// Runs `body` on every loop, on all at the same time, and waits for all: giving back the asynchronous poll takes the
  /// kernel 40 ms each.
  func onEveryLoop(_ body: @escaping @Sendable (LoopContext) -> Void) async throws {
    let running = contexts.map { _, bound in bound.eventLoop.submit { body(bound.value) } }
    for each in running { try await each.get() }
  }
}
