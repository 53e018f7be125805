import Logging
import NIOCore
import Synchronization
import WeirConfiguration
import WeirPolicy

/// What has to be done now and then beside the requests: budgets' spending is saved, and kept replies whose time is over
/// let go. Never on an event loop, since files are read and written.
final class Chores: Sendable {
  private let state: ProxyState
  private let path: String?
  private let isSaving: Bool
  private let logger: Logger
  /// What the file has; and whether the last attempt to write it failed, so that a full disk is one line in the log.
  private let saved = Mutex((version: UInt64(0), hasFailed: false))

  /// A `kill -9` loses the spending of this time at most.
  private static let interval = Duration.seconds(1)
  /// In intervals.
  private static let expiryInterval = 60

  /// Takes over what was spent before the start.
  ///
  /// - Throws: where the file cannot be read although there are budgets: to begin with nothing spent would open them all.
  init(state: ProxyState, logger: Logger) throws(SpendingFileError) {
    self.state = state
    self.logger = logger
    let configuration = state.current.configuration
    path = configuration.budgetStateFile
    guard let path else {
      isSaving = false
      return
    }
    do throws(SpendingFileError) {
      try Self.restore(path, to: state.shared.limits)
      isSaving = true
    } catch {
      guard configuration.limitPolicy.budgets.isEmpty else { throw error }
      // A reload may bring budgets; what the file has must not be written over then.
      isSaving = false
      logger.error("what budgets spend will not be saved until the next start", metadata: ["reason": "\(error)"])
    }
  }

  private static func restore(_ path: String, to limits: LimitBook) throws(SpendingFileError) {
    guard let bytes = try bytes(of: path) else { return }
    do throws(SpendingFile.Fault) {
      limits.restore(try SpendingFile.decode(bytes))
    } catch {
      throw SpendingFileError(path: path, reason: error.description)
    }
  }

  /// Nil where there is no file yet.
  private static func bytes(of path: String) throws(SpendingFileError) -> [UInt8]? {
    do throws(FileReadError) {
      return try DiskFile.read(path)
    } catch {
      guard error.reason != .notFound else { return nil }
      throw SpendingFileError(path: path, reason: error.description)
    }
  }

  /// Until the task is cancelled.
  func run() async {
    var rounds = 0
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.interval)
      save()
      if let audit = state.audit {
        for event in audit.repeats.closed(wall: WallClock.wholeSeconds()) { audit.record(event) }
      }
      rounds += 1
      if rounds % Self.expiryInterval == 0 {
        state.shared.cache.removeExpired(now: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
      }
    }
  }

  /// Writes what was spent, where that has changed. Blocks.
  func save() {
    guard let path, isSaving, !state.current.policy.limits.budgets.isEmpty else { return }
    saved.withLock { saved in
      guard let (version, spending) = state.shared.limits.spending(since: saved.version) else { return }
      do throws(FileWriteError) {
        try WholeFile.write(SpendingFile.encode(spending), to: path)
        saved = (version, false)
      } catch {
        if !saved.hasFailed {
          logger.error(
            "what budgets have spent cannot be saved; a restart would forget it", metadata: ["reason": "\(error)"])
        }
        saved.hasFailed = true
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
