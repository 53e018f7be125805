import WeirConfiguration
import WeirPolicy
import WeirStore

/// A rollout's changes as the store has them: `VERSION JSON`, where the JSON is a state file's: first the last change, then
/// those in effect. The kill switch is one of them under its own name.
struct FleetRollout: Sendable, Equatable {
  let name: String
  /// Counts the changes that the fleet has accepted.
  let version: Int64
  /// Who made the last change and when; a reset leaves no other trace.
  let change: FlipRecord
  /// Those in effect, in the order in which they are made again.
  let flips: [FlipRecord]

  init(name: String, version: Int64, change: FlipRecord, flips: [FlipRecord]) {
    self.name = name
    self.version = version
    self.change = change
    self.flips = flips
  }

  /// Nil for what this version of weir did not write.
  init?(name: String, value: [UInt8]) {
    guard let blank = value.firstIndex(of: UInt8(ascii: " ")), blank > 0,
      let version = Int64(String(decoding: value[..<blank], as: UTF8.self)), version > 0
    else { return nil }
    let state = RolloutState(reading: Array(value[(blank + 1)...]), path: "the shared store")
    guard state.problems.isEmpty, let change = state.flips.first, state.flips.allSatisfy({ $0.rollout == name }) else {
      return nil
    }
    self.init(name: name, version: version, change: change, flips: Array(state.flips.dropFirst()))
  }

  /// What follows the version.
  var content: [UInt8] { Self.content(change: change, flips: flips) }

  static func content(change: FlipRecord, flips: [FlipRecord]) -> [UInt8] { RolloutState([change] + flips).encoded }
}

/// The scripts that change rollouts in the store.
enum FleetRolloutScripts {
  /// The field of the fleet's versions, and the channel, that say something has changed.
  static let topic = "rollouts"

  /// KEYS: the hash of rollouts, the fleet's versions. ARGV: the rollout, the version that the change was made on, the
  /// content, the channel, who says so. Accepted, `{1, VERSION}`, where nothing newer is there; a store that has lost its
  /// data goes on from the version that the sidecar knew. Else `{0, VALUE}`.
  static let change = StoreScript(
    .rollouts,
    """
    local value = redis.call('HGET', KEYS[1], ARGV[1])
    local version = value and tonumber(string.match(value, '^%d+')) or 0
    local known = tonumber(ARGV[2])
    if version > known then return {0, value} end
    local next = string.format('%.0f', known + 1)
    redis.call('HSET', KEYS[1], ARGV[1], next .. ' ' .. ARGV[3])
    redis.call('HINCRBY', KEYS[2], 'rollouts', 1)
    redis.call('PUBLISH', ARGV[4], ARGV[5])
    return {1, next}
    """)

  /// A store that has lost its data is given what the fleet had: as `change`, but without a new version.
  static let restore = StoreScript(
    .rollouts,
    """
    if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3]) == 0 then return 0 end
    redis.call('HINCRBY', KEYS[2], 'rollouts', 1)
    return 1
    """)
}
