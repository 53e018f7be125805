import ArgumentParser
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals
import WeirConfiguration
import WeirProxy

/// A proxy from start to end: signals, reloads, draining and the exit status. `serve` and `demo` share it.
struct ProxyRun {
  let configuration: Configuration
  let load: @Sendable () throws(ConfigurationProblems) -> Configuration
  /// False reaches the upstream directly, as the demo's own simulator must be; then libcurl looks for no proxy.
  var honoursProxies = ProcessEnvironment.namesProxies()
  /// Where the listeners' sockets come from.
  var sockets = ListenerSockets()
  /// Told of start, reloads and end.
  var supervisor = Supervisor(environment: ProcessEnvironment.all(), pid: getpid())
  /// Called once both listeners are up.
  var whenListening: @Sendable (Proxy) async -> Void = { _ in }

  /// Returns when the proxy has ended cleanly; throws an exit status otherwise.
  func run() async throws {
    let log = try LogSink(descriptor: STDERR_FILENO)
    defer { log.close() }
    let logging = configuration.logging
    let level = Logger.Level(rawValue: logging.level.rawValue) ?? .info
    let logger = Logger(label: "weir") { label in
      LineLogHandler(label: label, level: level, sink: log, isJSON: logging.format == .json)
    }
    let service = ProxyService(run: self, log: log, logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)))
    await service.whenHandedOver { await group.triggerGracefulShutdown() }
    do {
      try await group.run()
    } catch {
      logger.critical("weir stopped", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    }
    if await service.cutRequests > 0 { throw ExitCode.failure }
  }

  /// swift-service-lifecycle's own steps are of interest to developers of weir only.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    if logger.logLevel > .debug { logger.logLevel = .critical }
    return logger
  }
}

/// The proxy as a service: reloads on SIGHUP, drains when asked to end, ends at once when asked twice. It starts within
/// the service, when the group handles signals already, so that no moment is without somebody who listens to them.
private actor ProxyService: Service {
  private let settings: ProxyRun
  private let log: LogSink
  private let logger: Logger
  private(set) var cutRequests = 0
  private var drain: @Sendable () async -> Void = {}

  init(run settings: ProxyRun, log: LogSink, logger: Logger) {
    self.settings = settings
    self.log = log
    self.logger = logger
  }

  /// Names what makes this process drain as if somebody had stopped it.
  func whenHandedOver(_ drain: @escaping @Sendable () async -> Void) { self.drain = drain }

  func run() async throws {
    let hangUps = await UnixSignalsSequence(trapping: .sighup)
    let handOvers = await UnixSignalsSequence(trapping: .sigusr2)
    let proxy = try await Proxy.start(
      settings.configuration, version: Version.text, log: log, logger: logger,
      sockets: settings.sockets, honoursProxies: settings.honoursProxies, load: settings.load)
    let supervisor = settings.supervisor
    // First: whoever waits for this process to be ready may stop the one before it then.
    await settings.whenListening(proxy)
    supervisor.ready(Self.status(proxy))
    let drain = drain
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        for await _ in hangUps {
          supervisor.reloading()
          proxy.reload()
          supervisor.ready(Self.status(proxy))
        }
      }
      // No signal, which would count as the second one where somebody stops this process in the same moment.
      tasks.addTask { for await _ in handOvers where proxy.handOver() { await drain() } }
      tasks.addTask { try await Self.keepAlive(proxy, supervisor) }
      tasks.addTask { await proxy.followFiles() }
      try await gracefulShutdown()
      // Where a hand-over began the drain, the first signal asks for what is done already.
      let wasAsked = !proxy.hasHandedOver
      supervisor.stopping(atMost: proxy.drainTime)
      let again = await UnixSignalsSequence(trapping: .sigterm, .sigint)
      tasks.addTask {
        var isSecond = wasAsked
        for await _ in again {
          // 128 + SIGTERM, as shells report a process that a signal ended.
          if isSecond { exit(143) }
          isSecond = true
        }
      }
      cutRequests = try await proxy.drainAndStop()
      tasks.cancelAll()
    }
  }

  private static func status(_ proxy: Proxy) -> String { "serving on port \(proxy.trafficPort)" }

  /// A loop that is stuck gives no sign of life, and the supervisor starts the process again.
  private static func keepAlive(_ proxy: Proxy, _ supervisor: Supervisor) async throws {
    guard let interval = supervisor.watchdog else { return }
    while !Task.isCancelled {
      try await proxy.touchEveryLoop()
      supervisor.alive()
      try await Task.sleep(for: interval / 2)
    }
  }
}
