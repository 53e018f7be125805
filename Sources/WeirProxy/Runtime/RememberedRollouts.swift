import WeirConfiguration
import WeirPolicy

/// The configured rollouts with the changes that were made by hand since.
struct RememberedRollouts: Sendable {
  /// The kill switch as somebody set it while weir ran; nil leaves it to the configuration.
  let killSwitch: FlipRecord?
  /// As served.
  let table: RolloutTable
  /// Changes of rollouts that are not there, or that do not fit. They are kept: a file that lacks a rollout for one
  /// reload must not make the proxy forget what was decided about it.
  let parked: [FlipRecord]
  /// For the log; empty when everything was read and fits.
  let problems: [String]

  init(_ flips: [FlipRecord], on configured: RolloutTable, problems: [String] = []) {
    killSwitch = flips.last { $0.rollout == KillSwitchFlip.name }
    let (table, refused) = configured.replaying(flips.filter { $0.rollout != KillSwitchFlip.name })
    self.table = KillSwitchFlip.allows(killSwitch) ? table : table.setting(isKimiEnabled: false)
    parked = refused.map(\.record)
    self.problems =
      problems + refused.map { "a change of \($0.record.rollout) by \($0.record.who) is set aside: \($0.problem)" }
  }

  /// Reads the state file. Blocks.
  init(_ configuration: Configuration) {
    do throws(FileReadError) {
      let file = try Self.file(of: configuration)
      self.init(file?.flips ?? [], on: configuration.rollouts, problems: file?.problems.map(\.description) ?? [])
    } catch {
      self.init([], on: configuration.rollouts, problems: ["\(error); the configured rollouts are in effect"])
    }
  }

  /// What the state file has; nil where there is none. Blocks.
  static func file(of configuration: Configuration) throws(FileReadError) -> RolloutState? {
    guard let path = configuration.rolloutStateFile else { return nil }
    do throws(FileReadError) {
      return RolloutState(reading: try DiskFile.read(path), path: path)
    } catch {
      guard error.reason != .notFound else { return nil }
      throw error
    }
  }

  /// All changes, those that are set aside among them.
  var flips: [FlipRecord] { Self.flips(table, parked, killSwitch) }

  /// What a state file has of these.
  static func flips(_ table: RolloutTable, _ parked: [FlipRecord], _ killSwitch: FlipRecord?) -> [FlipRecord] {
    table.flips + parked + (killSwitch.map { [$0] } ?? [])
  }
}
