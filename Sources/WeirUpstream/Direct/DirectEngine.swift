import NIOCore

/// One event loop's own connections to upstreams, and the transfers on them. Every method must be called on that
/// event loop.
final class DirectEngine {
  let eventLoop: any EventLoop
  let allocator = ByteBufferAllocator()
  let reads = SharedReads()
  let hosts: HostAddresses
  /// The time of the read at hand in nanoseconds.
  private(set) var batchTime: Int64 = 0
  private(set) var isShutDown = false

  private let settings: EngineSettings
  private var addresses = RecentTexts<DirectAddress>()
  private var origins: [DirectAddress.Origin: OriginConnections] = [:]
  private var live = IndexedList<DirectTransfer>()
  private var kept: [DirectTransfer] = []
  private var sweep: DeadlineSweep?
  private var cleaning: Scheduled<Void>?

  /// For how long an idle connection is used again, in nanoseconds; libcurl's measure (CURLOPT_MAXAGE_CONN). Many servers
  /// and what stands between close theirs sooner.
  private static let longestIdle: Int64 = 118_000_000_000
  private static let cleaningInterval = TimeAmount.seconds(30)
  /// An address longer than this is not remembered.
  private static let longestAddress = 512

  init(eventLoop: any EventLoop, settings: EngineSettings) {
    self.eventLoop = eventLoop
    self.settings = settings
    hosts = HostAddresses(eventLoop: eventLoop)
    // A weak reference would make all others to this object dearer. The sweep is this object's alone.
    sweep = DeadlineSweep(on: eventLoop) { [unowned self] in checkDeadlines() }
  }

  /// A transfer to fill and begin; nil for a URL that is libcurl's to ask.
  func prepare(for url: String) -> DirectTransfer? {
    guard let address = address(url) else { return nil }
    guard address.origin.isSecure ? settings.securesDirectly : settings.speaksDirectly else { return nil }
    let transfer = kept.popLast() ?? DirectTransfer(engine: self)
    transfer.prepare(for: address)
    return transfer
  }

  private func address(_ url: String) -> DirectAddress? {
    guard url.utf8.count <= Self.longestAddress else { return DirectAddress(url, connections: connections) }
    return addresses.value(for: url) { DirectAddress($0, connections: connections) }
  }

  private func connections(to origin: DirectAddress.Origin) -> OriginConnections {
    if let known = origins[origin] { return known }
    let connections = OriginConnections()
    origins[origin] = connections
    return connections
  }

  var liveCount: Int { live.count }

  /// PEM bundle of trusted certificate authorities; nil takes the system's.
  var certificateAuthorityFile: String? { settings.certificateAuthorityFile }

  /// Ends every transfer without a word to its receiver, and closes the connections.
  func shutDown() {
    isShutDown = true
    sweep?.cancel()
    cleaning?.cancel()
    for transfer in live.members { transfer.cancel() }
    for connections in origins.values { connections.closeAll() }
    kept.removeAll()
  }

  func now() -> Int64 {
    batchTime = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
    return batchTime
  }

  // MARK: Transfers

  func add(_ transfer: DirectTransfer, sweepInterval: Int64) {
    live.add(transfer)
    sweep?.start(interval: sweepInterval)
  }

  func remove(_ transfer: DirectTransfer) { live.remove(transfer) }

  /// A transfer waits for a connection that another one's time-out bounds.
  func watchLine(timeout: Int64) { sweep?.start(interval: PhaseTimeouts.sweepInterval(of: timeout)) }

  /// Keeps an object that has ended for another request.
  func keep(_ transfer: DirectTransfer) {
    if kept.count < settings.keptTransfers, !isShutDown { kept.append(transfer) }
  }

  /// Whether there is another deadline.
  private func checkDeadlines() -> Bool {
    let now = now()
    for transfer in live.members {
      if let failure = transfer.clock.due(now: now) ?? transfer.dueInLine(now: now) { transfer.ended(failure) }
    }
    return live.count > 0 && !isShutDown
  }

  // MARK: Connections

  /// The connection that was used last of those to an origin.
  func takeIdle(_ connections: IdleConnections) -> DirectConnection? {
    while let connection = connections.takeLast() {
      if batchTime - connection.idleSince < Self.longestIdle, connection.isQuiet { return connection }
      connection.close()
    }
    return nil
  }

  /// An HTTP/2 connection to an origin that takes another stream.
  func takeMultiplexed(_ connections: OriginConnections) -> HTTP2Connection? {
    connections.taking(restingSince: batchTime - Self.longestIdle)
  }

  /// Whether another connection may wait there.
  func mayRest(among connections: IdleConnections) -> Bool {
    !isShutDown && connections.count < settings.keptConnections
  }

  /// Looks now and then for connections that have waited for too long.
  func startCleaning() {
    guard cleaning == nil else { return }
    cleaning = eventLoop.assumeIsolated().scheduleTask(in: Self.cleaningInterval) { self.clean() }
  }

  private func clean() {
    cleaning = nil
    let oldest = now() - Self.longestIdle
    for connections in origins.values { connections.closeThose(restingSince: oldest) }
    if origins.values.contains(where: { !$0.isEmpty }) { startCleaning() }
  }
}
