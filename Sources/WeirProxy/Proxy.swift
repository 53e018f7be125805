import CWeirSystem
import Dispatch
public import Logging
import NIOCore
import NIOPosix
public import WeirConfiguration
import WeirMetrics
import WeirPolicy

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
  private let choring: Task<Void, Never>
  private let pricing: Task<Void, Never>

  /// How often a draining proxy looks whether its requests are done.
  private static let drainStep = Duration.milliseconds(10)
  /// How long the last bytes of cut or finished requests get to leave.
  private static let farewell = Duration.seconds(2)

  /// Binds both listeners and serves. Throws what keeps it from starting: an address in use, no descriptors left.
  ///
  /// - Parameters:
  ///   - honoursProxies: false for an upstream of this process.
  ///   - load: reads the configuration again, for reloads; called off the event loops.
  public static func start(
    _ configuration: Configuration, version: String, log: LogSink, logger: Logger,
    honoursProxies: Bool = true, load: @escaping @Sendable () throws(ConfigurationProblems) -> Configuration
  ) async throws -> Proxy {
    let remembered = RememberedRollouts(configuration)
    for problem in remembered.problems { logger.warning("rollout state", metadata: ["problem": "\(problem)"]) }
    let snapshot = RuntimeSnapshot(configuration, rollouts: remembered.table)
    let metrics = ProxyMetrics(
      knownModels: Set(configuration.catalog.models.map(\.id) + [configuration.kimi.modelID, "none"]),
      genAIUpstreams: configuration.exportsGenAIMetrics ? configuration.upstreams : nil)
    let ledger = LedgerKeeper(
      path: configuration.ledgerPath, keeping: configuration.ledger, logger: logger)
    let state = ProxyState(snapshot: snapshot, metrics: metrics, ledger: ledger, log: log, logger: logger)
    metrics.observe(state, version: version)
    ledger.register(in: metrics.registry)
    let descriptors = DescriptorLimit.raise()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    let adminGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let chores = try Chores(state: state, logger: logger)
      let loops = try await LoopDirectory.make(group: group, state: state, honoursProxies: honoursProxies)
      let live = LiveConfiguration(state: state, loops: loops, logger: logger, remembered: remembered, load: load)
      let prices = PriceRefresher(state: state, loops: loops, eventLoop: group.any(), live: live, logger: logger)
      let routes = AdminRoutes(
        state: state, probe: UpstreamProbe(eventLoop: group.any(), loops: loops), version: version,
        startedAt: WallClock.seconds(), live: live, listeners: configuration.listeners)
      let traffic = try await listening(configuration.listeners.traffic, "WEIR_LISTEN") {
        try await TrafficListener.bind($0, group: group, loops: loops, state: state, logger: logger)
      }
      let admin = try await listening(configuration.listeners.admin, "WEIR_ADMIN_LISTEN") {
        try await AdminListener.bind($0, group: adminGroup, routes: routes, logger: logger)
      }
      let proxy = Proxy(
        state: state, loops: loops, traffic: traffic, admin: admin, group: group, adminGroup: adminGroup,
        live: live, logger: logger, chores: chores, prices: prices)
      try proxy.announce(descriptors: descriptors)
      // Reading the configuration alone touches megabytes of code that no request needs.
      weir_let_go_of_code()
      return proxy
    } catch {
      await ledger.close(logger)
      try? await group.shutdownGracefully()
      try? await adminGroup.shutdownGracefully()
      throw error
    }
  }

  private init(
    state: ProxyState, loops: LoopDirectory, traffic: TrafficListener, admin: AdminListener,
    group: MultiThreadedEventLoopGroup, adminGroup: MultiThreadedEventLoopGroup, live: LiveConfiguration,
    logger: Logger, chores: Chores, prices: PriceRefresher
  ) {
    self.chores = chores
    choring = Task { await chores.run() }
    pricing = Task { await prices.run() }
    self.state = state
    self.loops = loops
    self.traffic = traffic
    self.admin = admin
    self.group = group
    self.adminGroup = adminGroup
    self.live = live
    self.logger = logger
    trafficPort = traffic.port
    adminPort = admin.port
  }

  /// Reads the configuration again; see `LiveConfiguration`. Blocks.
  public func reload() { _ = live.reload() }

  /// Reads the configuration again whenever one of its files changes on disk, until the task is cancelled.
  public func followFiles() async {
    var watch = FileWatch(live.files)
    while !Task.isCancelled {
      try? await Task.sleep(for: FileWatch.interval)
      if watch.hasSettledChange(live.files) { reload() }
    }
  }

  /// Stops accepting, lets open requests finish for the configured time, ends the rest, and stops.
  ///
  /// - Returns: how many requests were cut.
  public func drainAndStop() async throws -> Int {
    state.startDraining()
    pricing.cancel()
    logger.notice(
      "draining", metadata: ["in_flight": "\(state.inFlight.inUse)", "seconds": "\(state.current.configuration.drain)"])
    try? await traffic.channel.close()
    try await loops.onEveryLoop { $0.drain() }
    await wait(atMost: state.current.configuration.drain) { self.state.inFlight.inUse == 0 }
    try await loops.onEveryLoop { $0.cutOpenRequests() }
    await wait(atMost: Self.farewell) { self.state.connections.inUse == 0 }
    try await loops.onEveryLoop { $0.shutDown() }
    choring.cancel()
    chores.save()
    // What is still to be checked is not waited for; its rows say what is known.
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [state] in
        state.toolChecker.close(discardingQueue: true)
        continuation.resume()
      }
    }
    // Every exchange is over and noted; votes that are under way still find their event loops.
    await state.ledger.close(logger)
    try? await admin.channel.close()
    try await group.shutdownGracefully()
    try await adminGroup.shutdownGracefully()
    logger.notice("stopped", metadata: ["cut_requests": "\(state.cutRequests)"])
    return state.cutRequests
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
    let ceiling = MemoryCeiling(limits, loops: System.coreCount)
    logger.info(
      "memory_ceiling",
      metadata: [
        "bytes": "\(ceiling.total)", "bodies": "\(ceiling.bodies)", "parsing": "\(ceiling.parsing)",
        "connections": "\(ceiling.connections)", "in_flight": "\(ceiling.inFlight)", "log": "\(ceiling.log)",
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
      try WholeFile.write(Array("{\"traffic\":\(trafficPort),\"admin\":\(adminPort)}\n".utf8), to: portFile)
    }
    logger.notice(
      "listening",
      metadata: [
        "traffic": "\(ListenAddress(host: configuration.listeners.traffic.host, port: trafficPort))",
        "admin": "\(ListenAddress(host: configuration.listeners.admin.host, port: adminPort))",
        "upstream": "\(configuration.upstream.url)",
      ])
  }

  private static func listening<Listener>(
    _ address: ListenAddress, _ setting: String, bind: (ListenAddress) async throws -> Listener
  ) async throws -> Listener {
    do {
      return try await bind(address)
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
