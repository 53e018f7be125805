import NIOCore
import WeirConfiguration
import WeirPolicy
import WeirUpstream
import WeirWire

/// What the connections of one event loop share. Lives on that event loop.
final class LoopContext {
  let eventLoop: any EventLoop
  let state: ProxyState
  let engine: UpstreamEngine
  /// Of all loops of the proxy.
  let barrier: LoopBarrier
  let parser = EnvelopeParser()
  let jsonReader = JSONReader()
  let canonical = CanonicalJSON()
  let recorder: LoopRecorder
  let models = ModelListCache()
  /// What the anomaly watch gets to see.
  let traffic: LoopTraffic
  var snapshot: RuntimeSnapshot
  var ledgerPen = LedgerPen()
  /// For what makes requests identical, of one request after the other.
  var keyParts = KeyParts()
  /// For the access line of one exchange after the other.
  var accessLine = JSONLine(capacity: 1024)
  private(set) var connections: [ConnectionHandler] = []
  /// Streams that are read on although their clients have left.
  var readOn: [ObjectIdentifier: LiveExchange] = [:]
  /// Exchanges that go on for their followers although their clients have left.
  var detached: [ObjectIdentifier: LiveExchange] = [:]
  /// Exchanges that the shared store has to answer first.
  var awaitingStore: [ObjectIdentifier: LiveExchange] = [:]
  private var generator = FastRandom()
  private var sweep: DeadlineSweep?

  /// How often slow clients are looked for, in nanoseconds.
  private static let sweepInterval: Int64 = 250_000_000

  init(eventLoop: any EventLoop, state: ProxyState, barrier: LoopBarrier, honoursProxies: Bool) throws {
    eventLoop.preconditionInEventLoop()
    self.eventLoop = eventLoop
    self.barrier = barrier
    self.state = state
    snapshot = state.current
    traffic = state.anomalies.makeLoopTraffic()
    recorder = LoopRecorder(metrics: state.metrics, history: state.history)
    engine = try UpstreamEngine(
      eventLoop: eventLoop,
      settings: .underEnvironment(
        certificateAuthorityFile: snapshot.configuration.upstream.certificateAuthorityFile,
        honoursProxies: honoursProxies))
    // A weak reference would make all others to this object dearer. The sweep is this object's alone.
    sweep = DeadlineSweep(on: eventLoop) { [unowned self] in checkDeadlines() }
  }

  func add(_ connection: ConnectionHandler) {
    connection.listIndex = connections.count
    connections.append(connection)
    sweep?.start(interval: Self.sweepInterval)
  }

  func remove(_ connection: ConnectionHandler) {
    guard let index = connection.listIndex else { return }
    connection.listIndex = nil
    let last = connections.removeLast()
    if last !== connection {
      connections[index] = last
      last.listIndex = index
    }
  }

  func makeRequestID() -> String {
    RequestID.make(milliseconds: WallClock.milliseconds(), random: (random(), random()))
  }

  /// 64 random bits, for decisions that belong to nobody.
  func random() -> UInt64 { generator.next() }

  /// Nanoseconds of the clock that all steps and time-outs use.
  var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

  /// The process ends: idle connections close, busy ones close after their reply.
  func drain() {
    // Nobody waits for these; what they used so far is counted.
    for exchange in Array(readOn.values) { exchange.abandoned() }
    for connection in connections { connection.drain() }
  }

  /// The drain time is over: open requests end now.
  func cutOpenRequests() {
    for connection in connections { connection.cut() }
  }

  func shutDown() {
    sweep?.cancel()
    for connection in connections { connection.close() }
    engine.shutDown()
  }

  /// Whether there is another deadline.
  private func checkDeadlines() -> Bool {
    let now = now
    for connection in connections { connection.checkDeadlines(now: now) }
    for exchange in Array(detached.values) { exchange.checkHold(now: now) }
    return !connections.isEmpty || !detached.isEmpty
  }
}
