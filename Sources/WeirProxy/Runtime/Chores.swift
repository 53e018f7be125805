import Glibc
import Logging
import NIOCore
import Synchronization
import WeirConfiguration
import WeirPolicy

/// What has to be done now and then beside the requests: budgets' spending is saved, kept replies whose time is over are
/// let go, a ledger that could not be opened is tried again. Never on an event loop, since files are read and written.
final class Chores: Sendable {
  private let state: ProxyState
  private let path: String?
  private let isSaving: Bool
  private let logger: Logger
  private let saved = Mutex(Saved())

  private struct Saved {
    /// What the file has.
    var version: UInt64 = 0
    /// Whether the last attempt to write it failed, so that a full disk is one line in the log.
    var hasFailed = false
    /// What the file was last known to have.
    var inFile: [SavedSpending] = []
    /// What the file says of it that the store of the fleet has yet to be told.
    var untold: [SavedSpending] = []
    /// What it was known to have when another process was about to read it.
    var handed: [SavedSpending] = []
    /// Until then the file is left alone, for that process to read and write.
    var restsUntil: NIODeadline?
  }

  /// A `kill -9` loses the spending of this time at most.
  private static let interval = Duration.seconds(1)
  /// In intervals.
  private static let expiryInterval = 60
  /// In intervals: until a ledger that could not be used is tried again.
  private static let ledgerInterval = 10

  /// Takes over what was spent before the start.
  ///
  /// - Parameter followsAnother: whether the process that wrote the file may still be there.
  /// - Throws: where the file cannot be read although there are budgets: to begin with nothing spent would open them all.
  init(state: ProxyState, followsAnother: Bool, logger: Logger) throws(SpendingFileError) {
    self.state = state
    self.logger = logger
    let configuration = state.current.configuration
    path = configuration.budgetStateFile
    guard let path else {
      isSaving = false
      return
    }
    do throws(SpendingFileError) {
      let found = try SpendingOnDisk.restore(path, to: state.shared.limits, isAlone: !followsAnother)
      saved.withLock { ($0.inFile, $0.untold) = (found?.spending ?? [], found?.untold ?? []) }
      isSaving = true
    } catch {
      guard configuration.limitPolicy.budgets.isEmpty else { throw error }
      // A reload may bring budgets; what the file has must not be written over then.
      isSaving = false
      logger.error("what budgets spend will not be saved until the next start", metadata: ["reason": "\(error)"])
    }
  }

  /// Until the task is cancelled.
  ///
  /// - Parameter live: has a file of its own to look after.
  func run(_ live: LiveConfiguration) async {
    var rounds = 0
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.interval)
      // What is left to do then, the end of the process does by itself.
      guard !Task.isCancelled else { return }
      save()
      collectLegacies()
      live.rememberAgain()
      state.fleetLimits?.tick()
      state.fleetCache?.tick()
      if let audit = state.audit {
        for event in audit.repeats.closed(wall: WallClock.wholeSeconds()) { audit.record(event) }
      }
      rounds += 1
      if rounds % Self.ledgerInterval == 0 { state.ledger.tryAgain(logger) }
      if rounds % Self.expiryInterval == 0 {
        state.shared.cache.removeExpired(now: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
        state.shared.limits.forgetPastSpending(wall: WallClock.wholeSeconds())
      }
    }
  }

  /// Writes what was spent, where that has changed. Blocks.
  func save() {
    // After a hand-over the file is the other process's; what is spent here is passed on at the end.
    guard keepsSpending, !state.isHandedOver else { return state.fileTroubles.note(nil, of: .budgets) }
    saved.withLock { saved in
      if let end = saved.restsUntil {
        guard NIODeadline.now() >= end else { return }
        saved.restsUntil = nil
      }
      write(&saved)
    }
  }

  /// The last writing before the process ends. Blocks.
  func saveAtEnd() {
    guard keepsSpending else { return }
    guard state.isHandedOver else { return saved.withLock { write(&$0, isEnd: true) } }
    bequeath()
  }

  private var keepsSpending: Bool { path != nil && isSaving && !state.current.policy.limits.budgets.isEmpty }

  private func write(_ saved: inout Saved, isEnd: Bool = false) {
    let limits = state.shared.limits
    // What the store cannot be told now is told by the process that reads the file, where this one does not live to.
    let cannotTell = isEnd || state.fleetLimits?.isUp == false
    let untold = cannotTell ? limits.untoldSpending ?? [] : []
    guard let (version, spending) = limits.spending(since: untold == saved.untold ? saved.version : 0) else { return }
    if put(spending, untold: untold, &saved) { saved.version = version }
  }

  /// Whether the file has it now.
  private func put(_ spending: [SavedSpending], untold: [SavedSpending] = [], _ saved: inout Saved) -> Bool {
    guard let path else { return false }
    do throws(FileWriteError) {
      try WholeFile.write(SpendingFile.encode(spending, untold: untold), to: path)
      (saved.inFile, saved.untold) = (spending, untold)
      if saved.hasFailed { logger.notice("what budgets have spent is saved again") }
      saved.hasFailed = false
      state.fileTroubles.note(nil, of: .budgets)
      return true
    } catch {
      if !saved.hasFailed {
        logger.error(
          "what budgets have spent cannot be saved; a restart would forget it", metadata: ["reason": "\(error)"])
      }
      saved.hasFailed = true
      state.fileTroubles.note("\(error); a restart would forget what was spent since", of: .budgets)
      return false
    }
  }
}

// MARK: Handing over

extension Chores {
  /// How long the file is left alone for a process that said it would start, and may have failed to.
  private static let rest = TimeAmount.seconds(60)

  /// Another process is about to read the file: it has everything until now, and is left alone then. Blocks.
  func prepareHandOver() {
    guard keepsSpending else { return }
    saved.withLock { saved in
      let contents = state.shared.limits.spendingToHandOver
      // Where nobody takes over after all, the next writing says nothing of what is untold.
      if put(contents.spending, untold: contents.untold, &saved) { saved.version = 0 }
      saved.handed = saved.inFile
      saved.restsUntil = .now() + Chores.rest
    }
  }

  /// What was spent since, for the process that took over: a file beside the other, in the same form. Of a fleet that
  /// shares a store, only what the store was not told.
  private func bequeath() {
    guard let path else { return }
    let limits = state.shared.limits
    let rest =
      limits.untoldSpending
      ?? SavedSpending.difference(limits.spending(since: 0)?.spending ?? [], since: saved.withLock(\.handed))
    guard !rest.isEmpty else { return }
    do throws(FileWriteError) {
      try WholeFile.write(SpendingFile.encode(rest), to: path + SpendingLegacies.mark + "\(getpid())")
    } catch {
      logger.error(
        "what budgets have spent since the hand-over cannot be passed on", metadata: ["reason": "\(error)"])
    }
  }

  /// Adds what processes have left that handed over to this one. Blocks.
  private func collectLegacies() {
    guard let path, keepsSpending, !state.isHandedOver, saved.withLock({ $0.restsUntil == nil }) else { return }
    for legacy in SpendingLegacies.take(beside: path) {
      do throws(SpendingFile.Fault) {
        state.shared.limits.add(try SpendingFile.decode(legacy.bytes).spending)
      } catch {
        logger.error(
          "what a process had spent before it handed over is lost",
          metadata: ["file": "\(legacy.path)", "reason": "\(error.reason)"])
      }
    }
  }
}

/// What was spent before the start cannot be known.
public struct SpendingFileError: Error, CustomStringConvertible {
  let path: String
  let reason: String
  /// The file, what is wrong with it, and what to do.
  public var description: String { "\(path): \(reason)" }
}
