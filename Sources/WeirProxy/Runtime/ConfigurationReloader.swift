import Logging
import Synchronization
import WeirConfiguration
import WeirMetrics

/// Reads the configuration again and puts it in effect, or leaves the running one in place and says why. Blocks while
/// files are read. Any thread but an event loop of the traffic listener may use it.
final class ConfigurationReloader: Sendable {
  private let state: ProxyState
  private let loops: LoopDirectory
  private let logger: Logger
  private let load: @Sendable () throws(ConfigurationProblems) -> Configuration
  private let reloads: Counter
  private let failures: Counter
  private let lastReload: Gauge
  /// One reload at a time.
  private let turn = Mutex(())

  init(
    state: ProxyState, loops: LoopDirectory, logger: Logger,
    load: @escaping @Sendable () throws(ConfigurationProblems) -> Configuration
  ) {
    self.state = state
    self.loops = loops
    self.logger = logger
    self.load = load
    let registry = state.metrics.registry
    reloads = registry.counter("weir_config_reloads_total", help: "Configurations put in effect after the first.")
      .child()
    failures = registry.counter(
      "weir_config_reload_failures_total", help: "Reloads that did not validate; the running one stayed."
    ).child()
    lastReload = registry.gauge(
      "weir_config_last_reload_timestamp_seconds", help: "When the running configuration came in effect."
    ).child()
    lastReload.set(WallClock.seconds())
  }

  func reload() -> Result<Void, ConfigurationProblems> {
    turn.withLock { _ in
      do throws(ConfigurationProblems) {
        apply(try load())
        return .success(())
      } catch {
        failures.increment()
        for problem in error.all {
          logger.error("configuration not reloaded", metadata: ["problem": "\(problem)"])
        }
        return .failure(error)
      }
    }
  }

  private func apply(_ configuration: Configuration) {
    let waiting = configuration.settingsAwaitingRestart(since: state.current.configuration)
    let snapshot = RuntimeSnapshot(configuration)
    state.replace(snapshot)
    loops.replace(snapshot)
    reloads.increment()
    lastReload.set(WallClock.seconds())
    logger.notice("configuration reloaded")
    if !waiting.isEmpty {
      logger.warning("settings that need a restart", metadata: ["settings": "\(waiting.joined(separator: ","))"])
    }
  }
}
