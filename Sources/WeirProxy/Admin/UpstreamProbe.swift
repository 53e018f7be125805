import NIOCore
import Synchronization
import WeirUpstream

/// One minimal request to each upstream on demand (`GET /models`), at most one every ten seconds; in between, callers
/// share the last one. Any thread may use it.
final class UpstreamProbe: Sendable {
  private struct State {
    var last: EventLoopFuture<Bool>?
    var startedAt: Int64 = 0
  }

  private static let interval: Int64 = 10_000_000_000

  private let eventLoop: any EventLoop
  private let loops: LoopDirectory
  private let state = Mutex(State())

  init(eventLoop: any EventLoop, loops: LoopDirectory) {
    self.eventLoop = eventLoop
    self.loops = loops
  }

  /// Whether every upstream answered; `UpstreamHealth` has heard of it by then.
  func run() -> EventLoopFuture<Bool> {
    let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
    return state.withLock { state in
      if let last = state.last, now - state.startedAt < Self.interval { return last }
      state.startedAt = now
      let eventLoop = eventLoop
      let loops = loops
      let probe = eventLoop.flatSubmit {
        let loop = loops.context(of: eventLoop)
        let probes = loop.snapshot.upstreams.map { ProbeTransfer.start(on: loop, to: $0) }
        return EventLoopFuture.whenAllSucceed(probes, on: eventLoop).map { $0.allSatisfy(\.self) }
      }
      state.last = probe
      return probe
    }
  }
}

/// Follows the probe's transfer and throws its reply away. Lives on one event loop.
private final class ProbeTransfer: TransferReceiver {
  private let loop: LoopContext
  private let upstream: UpstreamRuntime
  private let promise: EventLoopPromise<Bool>
  private let startedAt: Int64
  private var status: Int?
  private var isAnswered = false

  private init(loop: LoopContext, upstream: UpstreamRuntime) {
    self.loop = loop
    self.upstream = upstream
    promise = loop.eventLoop.makePromise(of: Bool.self)
    startedAt = loop.now
  }

  /// A probe that shutting down cut short has no answer.
  deinit { if !isAnswered { promise.succeed(false) } }

  static func start(on loop: LoopContext, to upstream: UpstreamRuntime) -> EventLoopFuture<Bool> {
    let probe = ProbeTransfer(loop: loop, upstream: upstream)
    let url = upstream.base + "/models"
    guard let transfer = loop.engine.prepare(for: url) else {
      probe.isAnswered = true
      probe.promise.succeed(false)
      return probe.promise.futureResult
    }
    upstream.addOwnFields(to: transfer.headers)
    var timeouts = upstream.timeouts
    timeouts.total = min(timeouts.total, 10_000_000_000)
    transfer.begin(
      method: "GET", url: url, body: .none, timeouts: timeouts, receiver: probe)
    return probe.promise.futureResult
  }

  func transferReceivedHead(_ head: ResponseHead) { status = head.status }
  func transferReceivedBody(_ bytes: UnsafeRawBufferPointer) {}
  func transferNeedsBody() {}
  func transferBatchEnded() {}

  func transferEnded(_ outcome: TransferOutcome) {
    let isGood = outcome.failure == nil && (status ?? 500) < 500
    if isGood {
      loop.state.health.succeeded(
        upstream.name, milliseconds: Double(loop.now - startedAt) / 1e6, at: WallClock.seconds())
    } else {
      loop.state.health.probeFailed(upstream.name)
    }
    isAnswered = true
    promise.succeed(isGood)
  }
}
