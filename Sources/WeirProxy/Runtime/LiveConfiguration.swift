import Logging
import Synchronization
import WeirConfiguration
import WeirMetrics
import WeirPolicy

/// What may change while weir runs: the configuration, read again, and the rollouts, flipped by hand. Each change makes
/// a new snapshot, which requests that begin afterwards get. Blocks while files are read or written; never to be called
/// on an event loop of the traffic listener.
final class LiveConfiguration: Sendable {
  private struct Current {
    var configuration: Configuration
    var rollouts: RolloutTable
    /// Changes of rollouts that the configuration does not have at the moment.
    var parked: [FlipRecord]
    /// The kill switch as somebody set it; nil leaves it to the configuration.
    var killSwitch: FlipRecord?
    /// Changes made here that who tells the other sidecars has not taken up yet: nothing of theirs may wipe them out.
    var untold: [FlipRecord] = []
    /// Whether the state file lacks a change.
    var isForgotten = false
    /// What upstreams were last seen to charge.
    var prices = PriceList.empty

    /// Everything that a restart has to remember.
    var flips: [FlipRecord] { RememberedRollouts.flips(rollouts, parked, killSwitch) }

    mutating func take(_ remembered: RememberedRollouts) {
      rollouts = remembered.table
      parked = remembered.parked
      killSwitch = remembered.killSwitch
    }
  }

  private let state: ProxyState
  private let loops: LoopDirectory
  private let logger: Logger
  private let load: @Sendable () throws(ConfigurationProblems) -> Configuration
  /// What this process was started with, and runs with where a setting takes a restart.
  private let started: Configuration
  private let reloads: Counter
  private let failures: Counter
  private let lastReload, isTaken: Gauge
  private let current: Mutex<Current>
  /// Told of every change that somebody makes here, for the other sidecars.
  private let share = Mutex<(@Sendable (FlipRecord) -> Void)?>(nil)

  /// `remembered` are the rollouts of the configuration with the changes of the state file.
  init(
    state: ProxyState, loops: LoopDirectory, logger: Logger, remembered: RememberedRollouts,
    load: @escaping @Sendable () throws(ConfigurationProblems) -> Configuration
  ) {
    self.state = state
    self.loops = loops
    self.logger = logger
    self.load = load
    started = state.current.configuration
    current = Mutex(
      Current(
        configuration: state.current.configuration, rollouts: remembered.table, parked: remembered.parked,
        killSwitch: remembered.killSwitch))
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
    isTaken = registry.gauge(
      "weir_config_last_reload_successful",
      help: "0 while what the files say is not in effect, since it does not validate."
    ).child()
    isTaken.set(1)
  }

  // MARK: Reloads

  /// Reads the configuration again and puts it in effect, or leaves the running one in place and says why.
  ///
  /// - Parameter who: what asked for it, for the audit log.
  func reload(who: String) -> Result<Void, ConfigurationProblems> {
    FileWatch.awaitText(of: files)
    return current.withLock { current in
      do throws(ConfigurationProblems) {
        if let problems = current.configuration.problemsOfPipes { throw problems }
        let next = try load()
        if let problems = next.problemsOfVanishedFile(since: current.configuration) { throw problems }
        if let problems = next.problemsOfOpening(since: current.configuration) { throw problems }
        apply(next, to: &current, who: who)
        isTaken.set(1)
        return .success(())
      } catch {
        failures.increment()
        isTaken.set(0)
        for problem in error.all {
          logger.error("configuration not reloaded", metadata: ["problem": "\(problem)"])
        }
        state.audit?.record(.reloadFailed(error.all, who: who))
        return .failure(error)
      }
    }
  }

  /// The files that the running configuration was made from.
  var files: [String] { current.withLock { $0.configuration.files } }

  private func apply(_ configuration: Configuration, to current: inout Current, who: String) {
    state.audit?.recordReload(from: current.configuration, to: configuration, who: who)
    // Each change is told once, and none back to what this process runs with.
    let changed = Set(configuration.settingsAwaitingRestart(since: current.configuration))
    let waiting = configuration.settingsAwaitingRestart(since: started).filter(changed.contains)
    let flip = killSwitchFlip(from: current.configuration, to: configuration, who: who)
    if let flip { current.killSwitch = flip }
    let remembered = RememberedRollouts(current.flips, on: configuration.rollouts)
    for problem in remembered.problems { logger.warning("rollout state", metadata: ["problem": "\(problem)"]) }
    current.prices.keep(Self.upstreamsKept(from: current.configuration, to: configuration))
    current.configuration = configuration
    current.take(remembered)
    putInEffect(current)
    if let flip { tell(flip, &current) }
    reloads.increment()
    lastReload.set(WallClock.seconds())
    logger.notice("configuration reloaded")
    for warning in configuration.warnings {
      logger.warning("configuration", metadata: ["problem": "\(warning)"])
    }
    if !waiting.isEmpty {
      logger.warning("settings that need a restart", metadata: ["settings": "\(waiting.joined(separator: ","))"])
    }
  }

  // MARK: Prices

  /// Puts prices in effect for requests from now on.
  ///
  /// - Parameter snapshot: what they were asked for by; a reload since may mean other upstreams by the same names.
  func use(_ prices: PriceList, from snapshot: RuntimeSnapshot) {
    current.withLock { current in
      var prices = prices
      prices.keep(Self.upstreamsKept(from: snapshot.configuration, to: current.configuration))
      guard prices != current.prices else { return }
      current.prices = prices
      putInEffect(current)
    }
  }

  /// The names of upstreams that are the same servers in both.
  private static func upstreamsKept(from old: Configuration, to new: Configuration) -> Set<String> {
    let before = Dictionary(old.upstreams.map { ($0.name, $0.url) }, uniquingKeysWith: { first, _ in first })
    return Set(new.upstreams.filter { before[$0.name] == $0.url }.map(\.name))
  }

  // MARK: Rollouts

  /// The rollouts as they are served.
  var rollouts: RolloutTable { current.withLock { $0.rollouts } }

  /// Changes a rollout for requests from now on, and remembers it; nil where another process has taken over.
  func change(_ name: String, _ request: RolloutRequest, who: String) -> Result<RolloutTable, RolloutProblem>? {
    flip { table, when throws(RolloutProblem) in try request.apply(to: name, in: table, who: who, when: when) }
  }

  /// Returns a rollout to what the configuration says; nil where another process has taken over.
  func reset(_ name: String, who: String) -> Result<RolloutTable, RolloutProblem>? {
    flip { table, when throws(RolloutProblem) in try table.resetting(name, who: who, when: when) }
  }

  private func flip(
    _ change: (RolloutTable, Int64) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord)
  ) -> Result<RolloutTable, RolloutProblem>? {
    current.withLock { current in
      guard !state.isHandedOver else { return nil }
      do throws(RolloutProblem) {
        let (table, record) = try change(current.rollouts, Int64(WallClock.seconds() * 1000))
        current.rollouts = table
        putInEffect(current)
        note(record)
        remember(&current)
        tell(record, &current)
        return .success(table)
      } catch {
        return .failure(error)
      }
    }
  }

  /// Saves what is in effect. A change is saved also where another process takes over in this moment: that one looks for it.
  private func remember(_ current: inout Current, isRetry: Bool = false) {
    guard let path = current.configuration.rolloutStateFile else {
      current.isForgotten = false
      return state.fileTroubles.note(nil, of: .rollouts)
    }
    do throws(FileWriteError) {
      try WholeFile.write(RolloutState(current.flips).encoded, to: path)
      if current.isForgotten { logger.notice("the rollouts' changes are saved again") }
      current.isForgotten = false
      state.fileTroubles.note(nil, of: .rollouts)
    } catch {
      if !isRetry {
        logger.error(
          "the rollout's change is in effect, but a restart will not remember it", metadata: ["reason": "\(error)"])
      }
      current.isForgotten = true
      state.fileTroubles.note("\(error); a restart would forget the last changes", of: .rollouts)
    }
  }

  /// Tries again to save changes that could not be saved. Blocks.
  func rememberAgain() {
    current.withLock { current in
      guard current.isForgotten else { return }
      guard state.isHandedOver else { return remember(&current, isRetry: true) }
      // The file is the other process's.
      current.isForgotten = false
      state.fileTroubles.note(nil, of: .rollouts)
    }
  }

  /// This process has taken over: takes up what the one before it was told while this one started. That one is asked until
  /// this one listens, which is after the state file was read, and over connections that it has, a moment longer. Blocks.
  ///
  /// - Parameter remembered: what the state file had.
  func inherit(since remembered: RememberedRollouts) {
    var inherited = InheritedFlips(remembered.flips)
    takeUp(&inherited)
    Task { [inherited] in
      var inherited = inherited
      for _ in 0..<Self.inheritingLooks {
        try? await Task.sleep(for: Self.inheritingInterval)
        // The next process in line may have the file by then.
        guard !state.isDraining else { return }
        takeUp(&inherited)
      }
    }
  }

  private static let inheritingLooks = 3
  private static let inheritingInterval = Duration.milliseconds(900)

  private func takeUp(_ inherited: inout InheritedFlips) {
    current.withLock { current in
      // A file that cannot be read now says nothing; the next start tells of that. Nor does the next process's.
      guard !state.isHandedOver, let file = try? RememberedRollouts.file(of: current.configuration),
        file.problems.isEmpty
      else { return }
      let known = current.flips
      let news = inherited.news(in: file.flips, besides: known)
      if !news.isEmpty {
        let flips = known.filter { news[$0.rollout] == nil } + news.values.joined()
        current.take(RememberedRollouts(flips, on: current.configuration.rollouts))
        putInEffect(current)
        for record in news.values.joined() where !known.contains(record) { note(record, from: "predecessor") }
        for name in news.keys.sorted() where news[name]?.isEmpty == true {
          logger.notice("rollout reset", metadata: ["rollout": "\(name)", "from": "predecessor"])
        }
      }
      // What the other process wrote last lacks what was changed here.
      if file.flips != current.flips { remember(&current) }
    }
  }

  // MARK: The kill switch

  /// The flip in effect, and whether Kimi models are served, all considered.
  var killSwitch: (flip: FlipRecord?, isKimiEnabled: Bool) {
    current.withLock { ($0.killSwitch, $0.rollouts.isKimiEnabled) }
  }

  /// Switches Kimi models off, or on again where the configuration does not say no; nil takes an earlier flip back.
  ///
  /// - Returns: false where nothing was switched, since another process has taken over.
  func switchKimi(to isEnabled: Bool?, who: String) -> Bool {
    current.withLock { current in
      guard !state.isHandedOver else { return false }
      let (before, when) = (current.rollouts.isKimiEnabled, Int64(WallClock.seconds() * 1000))
      let record = KillSwitchFlip.record(to: isEnabled ?? true, from: before, who: who, when: when)
      current.killSwitch = record
      current.take(RememberedRollouts(current.flips, on: current.configuration.rollouts))
      putInEffect(current)
      note(record)
      remember(&current)
      tell(record, &current)
      return true
    }
  }

  /// What a reload that changes the switch is to the other sidecars; nil where nothing is shared.
  private func killSwitchFlip(from old: Configuration, to new: Configuration, who: String) -> FlipRecord? {
    guard share.withLock({ $0 }) != nil, old.kimi.isEnabled != new.kimi.isEnabled else { return nil }
    return KillSwitchFlip.record(
      to: new.kimi.isEnabled, from: old.kimi.isEnabled, who: who, when: Int64(WallClock.seconds() * 1000))
  }

  // MARK: Other sidecars

  /// Tells `body` of every change made here, on the thread that makes it and under the lock: it only takes a note.
  func whenFlipped(_ body: @escaping @Sendable (FlipRecord) -> Void) { share.withLock { $0 = body } }

  /// Notes a change for the other sidecars, where there are any.
  private func tell(_ record: FlipRecord, _ current: inout Current) {
    guard let share = share.withLock({ $0 }) else { return }
    current.untold.append(record)
    share(record)
  }

  /// A change that `whenFlipped` told of is now kept there.
  func tookUp(_ record: FlipRecord) {
    current.withLock { current in
      if let index = current.untold.firstIndex(of: record) { current.untold.remove(at: index) }
    }
  }

  /// The changes in effect of each rollout that has any, and of the kill switch.
  var flips: [String: [FlipRecord]] {
    Dictionary(grouping: current.withLock { $0.flips }, by: \.rollout)
  }

  /// Puts changes in effect that were made on another sidecar. Blocks.
  ///
  /// - Parameters:
  ///   - changes: of each rollout, the last change and all that are in effect; both have the original who and when.
  ///   - mine: changes made here that are to hold on top of them, in their order.
  func adopt(_ changes: [FleetRollout], repeating mine: [FlipRecord] = []) {
    current.withLock { current in
      let news = changes.filter { change in current.flips.filter { $0.rollout == change.name } != change.flips }
      guard !news.isEmpty else { return }
      let names = Set(news.map(\.name))
      let flips =
        current.flips.filter { !names.contains($0.rollout) } + news.flatMap(\.flips) + mine
        + current.untold.filter { names.contains($0.rollout) }
      let remembered = RememberedRollouts(flips, on: current.configuration.rollouts)
      for problem in remembered.problems { logger.warning("rollout state", metadata: ["problem": "\(problem)"]) }
      current.take(remembered)
      putInEffect(current)
      for change in news { note(change.change, from: "fleet") }
      // After a hand-over the file is the other process's, which hears of this itself.
      if !state.isHandedOver { remember(&current) }
    }
  }

  /// - Parameter from: where it was made, if not here.
  private func note(_ record: FlipRecord, from: String? = nil) {
    var metadata: Logger.Metadata = [
      "rollout": "\(record.rollout)", "change": "\(record.change)", "who": "\(record.who)",
    ]
    if let from { metadata["from"] = "\(from)" }
    logger.notice("rollout changed", metadata: metadata)
    let when = WallClock.timestamp(Double(record.when) / 1000)
    let isSwitch = record.rollout == KillSwitchFlip.name
    let event = AuditEvent(isSwitch ? .killSwitch : .rolloutChanged)
    state.audit?.record(
      (isSwitch
        ? event.with("state", KillSwitchFlip.allows(record) ? "off" : "on")
        : event.with("rollout", record.rollout).with("change", "\(record.change)"))
        .with("who", record.who).with("from", from).with("made_at", from == nil ? nil : when))
  }

  private func putInEffect(_ current: Current) {
    let snapshot = RuntimeSnapshot(current.configuration, rollouts: current.rollouts, prices: current.prices)
    state.replace(snapshot)
    loops.replace(snapshot)
  }
}
