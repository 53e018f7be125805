import CWeirSystem
import Dispatch
public import Logging
import NIOCore
import NIOPosix
public import WeirConfiguration
import WeirMetrics
import WeirPolicy
import WeirStore

/// A running weir: both listeners, their event loops, and what they share.
public final class Proxy: Sendable {
  /// The traffic listener's real port.
  public let trafficPort: Int
  /// The admin listener's real port.
  public let adminPort: Int

  private let state: ProxyState
  private let loops: LoopDirectory
  private let traffic: TrafficListener
  private let admin: AdminListener
  private let group: MultiThreadedEventLoopGroup
  private let adminGroup: MultiThreadedEventLoopGroup
  private let live: LiveConfiguration
  private let logger: Logger
  private let chores: Chores
  private let succession: HandOver
  private let choring: Task<Void, Never>
  private let pricing: Task<Void, Never>
  /// Held here, since its gauge is read for as long as the admin listener serves, and its task ends before.
  private let prices: PriceRefresher
  private let watching: Task<Void, Never>
  /// Begun before the start, so that a change while weir starts is seen.
  private let firstWatch: FileWatch
  /// Nil where nothing is shared.
  private let fleet: SharedRollouts?

  /// How often a draining proxy looks whether its requests are done.
  private static let drainStep = Duration.milliseconds(10)
  /// How long the old process of a hand-over goes on to accept: connections whose first packet it was that got them.
  private static let queueTime = Duration.seconds(1)
  /// How long the last bytes of cut or finished requests get to leave.
  private static let farewell = Duration.seconds(2)

  /// Binds both listeners and serves. Throws what keeps it from starting: an address in use, no descriptors left.
  ///
  /// - Parameters:
  ///   - sockets: of the listeners.
  ///   - honoursProxies: false for an upstream of this process.
  ///   - load: reads the configuration again, for reloads; called off the event loops.
  public static func start(
    _ configuration: Configuration, version: String, log: LogSink, logger: Logger,
    sockets: ListenerSockets = ListenerSockets(), honoursProxies: Bool = true,
    load: @escaping @Sendable () throws(ConfigurationProblems) -> Configuration
  ) async throws -> Proxy {
    let firstWatch = FileWatch(configuration.files)
    try checkSurroundings(configuration)
    let metrics = ProxyMetrics(
      knownModels: Set(configuration.catalog.models.map(\.id) + [configuration.kimi.modelID, "none"]),
      genAIUpstreams: configuration.exportsGenAIMetrics ? configuration.upstreams : nil)
    let ledger = LedgerKeeper(
      path: configuration.ledgerPath, keeping: configuration.ledger, logger: logger)
    let store = try SharedStore.of(configuration, registry: metrics.registry, logger: logger)
    // Late: a ledger may take long to open, and where this process takes over, the one before it may be told more meanwhile.
    let remembered = RememberedRollouts(configuration)
    for problem in remembered.problems { logger.warning("rollout state", metadata: ["problem": "\(problem)"]) }
    let snapshot = RuntimeSnapshot(configuration, rollouts: remembered.table)
    let state = try ProxyState(
      snapshot: snapshot, metrics: metrics, ledger: ledger, log: log, logger: logger, store: store)
    metrics.observe(state, version: version)
    ledger.register(in: metrics.registry)
    let descriptors = DescriptorLimit.raise()
    let loopCount = EventLoopCount.of(asked: configuration.limits.eventLoops)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loopCount)
    let adminGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let chores = try Chores(state: state, followsAnother: sockets.sharesAddresses, logger: logger)
      let barrier = LoopBarrier(group)
      let loops = try await LoopDirectory.make(
        group: group, state: state, barrier: barrier, honoursProxies: honoursProxies)
      let live = LiveConfiguration(state: state, loops: loops, logger: logger, remembered: remembered, load: load)
      let handOver = HandOver(state: state, chores: chores, followsAnother: sockets.sharesAddresses)
      let prices = PriceRefresher(state: state, loops: loops, eventLoop: group.any(), live: live, logger: logger)
      let routes = AdminRoutes(
        handOver: handOver, eventLoop: adminGroup.next(), barrier: barrier, state: state,
        probe: UpstreamProbe(eventLoop: group.any(), loops: loops), version: version,
        startedAt: .now(), live: live, listeners: configuration.listeners)
      let trafficSocket = ListenerSocket(sockets.traffic, sharesAddress: sockets.sharesAddresses)
      let adminSocket = ListenerSocket(sockets.admin, sharesAddress: sockets.sharesAddresses)
      let traffic = try await listening(configuration.listeners.traffic, "WEIR_LISTEN") {
        try await TrafficListener.bind(
          $0, trafficSocket, group: group, loops: loops, state: state, logger: logger)
      }
      let admin = try await listening(configuration.listeners.admin, "WEIR_ADMIN_LISTEN") {
        try await AdminListener.bind($0, adminSocket, group: adminGroup, routes: routes, logger: logger)
      }
      handOver.watch([traffic.channel, admin.channel])
      if sockets.sharesAddresses {
        await steerHere([traffic.channel, admin.channel], logger)
        live.inherit(since: remembered)
      }
      state.webhook.start(WebhookSender(eventLoop: group.any(), loops: loops, version: version))
      if sockets.sharesAddresses { state.audit?.noteSuccession() }
      state.audit?.recordStart(configuration, version: version)
      let proxy = Proxy(
        state: state, loops: loops, traffic: traffic, admin: admin, group: group, adminGroup: adminGroup,
        live: live, logger: logger, chores: chores, handOver: handOver, prices: prices,
        firstWatch: firstWatch)
      try proxy.announce(descriptors: descriptors)
      proxy.fleet?.start()
      state.circuits?.start { [unowned state] in state }
      try store?.start()
      // Reading the configuration alone touches megabytes of code that no request needs.
      weir_let_go_of_code()
      return proxy
    } catch {
      await ledger.close(logger)
      await close(state.audit, cutRequests: nil)
      try? await group.shutdownGracefully()
      try? await adminGroup.shutdownGracefully()
      throw error
    }
  }

  /// What would end the start is found before anything listens: a process that takes over is given connections at once.
  private static func checkSurroundings(_ configuration: Configuration) throws {
    if !configuration.hygiene.allowsCoreDumps { try forbidCoreDumps() }
    guard let portFile = configuration.listeners.portFile else { return }
    do {
      // As long as it can become.
      try WholeFile.tryOut(portFileText(traffic: 65_535, admin: 65_535), for: portFile)
    } catch {
      throw PortFileError(cause: error)
    }
  }

  private static func portFileText(traffic: Int, admin: Int) -> [UInt8] {
    Array("{\"traffic\":\(traffic),\"admin\":\(admin)}\n".utf8)
  }

  private static func forbidCoreDumps() throws(CoreDumpError) {
    let number = weir_forbid_core_dumps()
    guard number == 0 else { throw CoreDumpError(number: number) }
  }

  private init(
    state: ProxyState, loops: LoopDirectory, traffic: TrafficListener, admin: AdminListener,
    group: MultiThreadedEventLoopGroup, adminGroup: MultiThreadedEventLoopGroup, live: LiveConfiguration,
    logger: Logger, chores: Chores, handOver: HandOver, prices: PriceRefresher,
    firstWatch: FileWatch
  ) {
    self.firstWatch = firstWatch
    self.chores = chores
    succession = handOver
    choring = Task { await chores.run(live) }
    self.prices = prices
    pricing = Task { await prices.run() }
    watching = Task { await state.anomalies.run { state.current.configuration.anomalies } }
    self.state = state
    self.loops = loops
    self.traffic = traffic
    self.admin = admin
    self.group = group
    self.adminGroup = adminGroup
    self.live = live
    self.logger = logger
    fleet = state.store.map { SharedRollouts(store: $0, live: live, logger: logger) }
    trafficPort = traffic.port
    adminPort = admin.port
  }

  /// Reads the configuration again; see `LiveConfiguration`. Blocks.
  ///
  /// - Parameter who: what asked for it, for the audit log.
  public func reload(who: String = "signal") { _ = live.reload(who: who) }

  /// Reads the configuration again whenever one of its files changes on disk, until the task is cancelled.
  public func followFiles() async {
    var watch = firstWatch
    while !Task.isCancelled {
      try? await Task.sleep(for: FileWatch.interval)
      if watch.hasSettledChange(live.files) { reload(who: "file") }
    }
  }

  /// Another process listens in this one's place: the next drain leaves new connections to it.
  ///
  /// - Returns: whether this process is to end now: not where none has announced itself, nor where it drains already.
  public func handOver() -> Bool {
    let isToEnd = succession.complete()
    if state.isHandedOver {
      logger.notice("handed over")
    } else {
      logger.warning("nobody has asked to take over; SIGUSR2 is ignored")
    }
    return isToEnd
  }

  /// Whether another process listens in this one's place.
  public var hasHandedOver: Bool { state.isHandedOver }

  /// How long `drainAndStop` takes at most, but for moments.
  public var drainTime: Duration { state.current.configuration.drain + (state.isHandedOver ? Self.queueTime : .zero) }

  /// Whether every event loop still does its work: returns once each has.
  public func touchEveryLoop() async throws { try await loops.onEveryLoop { _ in } }

  /// Stops accepting, lets open requests finish for the configured time, ends the rest, and stops.
  ///
  /// - Returns: how many requests were cut.
  public func drainAndStop() async throws -> Int {
    // Stopped in the moment of a hand-over: connections that wait here to be accepted would be lost, and the kernel, which
    // goes by the sockets' order, would count this process's for as long as it drains.
    if succession.isAnotherStarting { await wait(atMost: Self.queueTime) { self.state.isHandedOver } }
    state.startDraining()
    pricing.cancel()
    let seconds = state.current.configuration.drain / .seconds(1)
    logger.notice("draining", metadata: ["in_flight": "\(state.inFlight.inUse)", "seconds": "\(seconds)"])
    // Another process may still take over meanwhile; what is open here is waited for all the same.
    let isHandedOver = state.isHandedOver
    if isHandedOver { await serveOut() }
    try? await traffic.channel.close()
    try await loops.onEveryLoop { $0.drain() }
    if !isHandedOver {
      await wait(atMost: state.current.configuration.drain) { self.state.inFlight.inUse == 0 }
    }
    try await loops.onEveryLoop { $0.cutOpenRequests() }
    await wait(atMost: Self.farewell) { self.state.connections.inUse == 0 }
    try await loops.onEveryLoop { $0.shutDown() }
    // What was spent last is told to the fleet.
    await wait(atMost: Self.farewell) { self.state.fleetLimits?.isSettled ?? true }
    choring.cancel()
    watching.cancel()
    await choring.value
    // From here on nothing is told any more, so that what is saved as untold stays so.
    await Self.stop(state.store)
    chores.saveAtEnd()
    // What is still to be checked is not waited for; its rows say what is known.
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [state] in
        state.toolChecker.close(discardingQueue: true)
        continuation.resume()
      }
    }
    // Every exchange is over and noted; votes that are under way still find their event loops.
    await state.ledger.close(logger)
    await Self.close(state.audit, cutRequests: state.cutRequests)
    try? await admin.channel.close()
    // Connections of the admin listener are open still, and may ask on.
    try await adminGroup.any().submit { [loops] in loops.barrier.open() }.get()
    try await group.shutdownGracefully()
    try await adminGroup.shutdownGracefully()
    logger.notice("stopped", metadata: ["cut_requests": "\(state.cutRequests)"])
    return state.cutRequests
  }

  /// The listeners are another process's now. Whoever is still connected here may be about to send a request, and closing
  /// first would lose it; so each connection closes with its next reply, and is given the drain's time for it.
  private func serveOut() async {
    await wait(atMost: Self.queueTime) { false }
    try? await traffic.channel.close()
    try? await admin.channel.close()
    await wait(atMost: state.current.configuration.drain) { self.state.connections.inUse == 0 }
  }

  /// Waits for the disk, off the event loops and Swift's own threads.
  private static func close(_ audit: AuditLog?, cutRequests: Int?) async {
    guard let audit else { return }
    if let cutRequests { audit.record(AuditEvent(.stopped).with("cut_requests", cutRequests)) }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        audit.close()
        continuation.resume()
      }
    }
  }

  /// Waits for the store's farewell, off the event loops and Swift's own threads.
  private static func stop(_ store: SharedStore?) async {
    guard let store else { return }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        store.stop()
        continuation.resume()
      }
    }
  }

  private func wait(atMost time: Duration, until isDone: () -> Bool) async {
    let end = ContinuousClock.now + time
    while !isDone(), ContinuousClock.now < end {
      try? await Task.sleep(for: Self.drainStep)
    }
  }

  private func announce(descriptors: Int) throws {
    let configuration = state.current.configuration
    for warning in configuration.warnings {
      logger.warning("configuration", metadata: ["problem": "\(warning)"])
    }
    let limits = configuration.limits
    let ceiling = MemoryCeiling(limits, loops: loops.count, isShared: state.store != nil)
    logger.info(
      "memory_ceiling",
      metadata: [
        "bytes": "\(ceiling.total)", "bodies": "\(ceiling.bodies)", "parsing": "\(ceiling.parsing)",
        "connections": "\(ceiling.connections)", "in_flight": "\(ceiling.inFlight)", "log": "\(ceiling.log)",
        "store": "\(ceiling.store)",
      ])
    logger.info("metrics", metadata: ["series_bound": "\(state.metrics.seriesBound(configuration))"])
    let needed = DescriptorLimit.needed(connections: limits.maxConnections, inFlight: limits.maxInFlight)
    if descriptors < needed {
      logger.warning(
        "too few open files allowed for the configured bounds",
        metadata: [
          "allowed": "\(descriptors)", "needed": "\(needed)", "remedy": "raise ulimit -n or lower WEIR_MAX_CONNECTIONS",
        ])
    }
    if let portFile = configuration.listeners.portFile {
      try WholeFile.write(Self.portFileText(traffic: trafficPort, admin: adminPort), to: portFile)
    }
    logger.notice(
      "listening",
      metadata: [
        "traffic": "\(ListenAddress(host: configuration.listeners.traffic.host, port: trafficPort))",
        "admin": "\(ListenAddress(host: configuration.listeners.admin.host, port: adminPort))",
        "upstream": "\(configuration.upstream.url)",
      ])
  }

  /// Where the kernel cannot, connections are spread over both processes until the old one closes.
  private static func steerHere(_ channels: [any Channel], _ logger: Logger) async {
    do {
      try await HandOver.steerHere(channels)
    } catch {
      logger.warning("new connections cannot be steered to this process", metadata: ["reason": "\(error)"])
    }
  }

  private static func listening<Listener>(
    _ address: ListenAddress, _ setting: String, bind: (ListenAddress) async throws -> Listener
  ) async throws -> Listener {
    do {
      return try await bind(address)
    } catch let error as IOError {
      throw ListenError(address: address, setting: setting, reason: unsafe String(cString: strerror(error.errnoCode)))
    } catch {
      throw ListenError(address: address, setting: setting, reason: "\(error)")
    }
  }
}

/// A listener could not take its address.
public struct ListenError: Error, CustomStringConvertible {
  let address: ListenAddress
  let setting: String
  let reason: String
  /// The address, the system's words, and the setting that names another.
  public var description: String {
    "cannot listen on \(address): \(reason); stop what uses it, or set \(setting) to another address"
  }
}

/// Whoever waits for the ports would wait in vain.
private struct PortFileError: Error, CustomStringConvertible {
  let cause: FileWriteError
  var description: String { "WEIR_PORT_FILE cannot be written: \(cause); name another file, or free the disk" }
}

/// The system does not let the process give up core dumps.
private struct CoreDumpError: Error, CustomStringConvertible {
  let number: CInt
  var description: String {
    "WEIR_CORE_DUMPS is off, and the system refuses (error \(number)); set it to on, or let the process call prctl"
  }
}
