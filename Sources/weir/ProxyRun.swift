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
  /// Called once both listeners are up.
  var whenListening: @Sendable (Proxy) async -> Void = { _ in }

  /// Returns when the proxy has ended cleanly; throws an exit status otherwise.
  func run() async throws {
    let log = LogSink(descriptor: STDERR_FILENO)
    defer { log.close() }
    let logging = configuration.logging
    let level = Logger.Level(rawValue: logging.level.rawValue) ?? .info
    let logger = Logger(label: "weir") { label in
      LineLogHandler(label: label, level: level, sink: log, isJSON: logging.format == .json)
    }
    let proxy: Proxy
    do {
      proxy = try await Proxy.start(configuration, version: Version.text, log: log, logger: logger, load: load)
    } catch {
      logger.critical("weir cannot start", metadata: ["reason": "\(error)"])
      throw ExitCode.failure
    }
    await whenListening(proxy)
    let service = ProxyService(proxy: proxy)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)))
    try await group.run()
    if await service.cutRequests > 0 { throw ExitCode.failure }
  }

  /// swift-service-lifecycle's own steps are of interest to developers of weir only.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    if logger.logLevel > .debug { logger.logLevel = .error }
    return logger
  }
}

/// The proxy as a service: reloads on SIGHUP, drains when asked to end, ends at once when asked twice.
private actor ProxyService: Service {
  private let proxy: Proxy
  private(set) var cutRequests = 0

  init(proxy: Proxy) { self.proxy = proxy }

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { [proxy] in
        for await _ in await UnixSignalsSequence(trapping: .sighup) { proxy.reload() }
      }
      try await gracefulShutdown()
      tasks.addTask {
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
          // 128 + SIGTERM, as shells report a process that a signal ended.
          exit(143)
        }
      }
      cutRequests = try await proxy.drainAndStop()
      tasks.cancelAll()
    }
  }
}
