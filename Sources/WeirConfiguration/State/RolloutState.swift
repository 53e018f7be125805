public import WeirPolicy

/// The state file: changes of rollouts that were made on the running proxy, with who and when, so that a
/// restart remembers. A value; reading and writing the disk is the caller's.
///
/// One JSON object; shares are percentages with up to two decimals, times are milliseconds since 1970 UTC:
///
///     {"version":1,"flips":[
///     {"rollout":"kimi","percent":{"from":0,"to":12.5},"who":"admin 127.0.0.1","when_ms":1795000000000}
///     ]}
///
/// A flip has one of `percent`, `shares` (`{"from":{"kimi":0},"to":{"kimi":25}}`), `enabled`
/// (`{"from":true,"to":false}`) and `reset` (as `shares`). Keys that this version does not know are ignored.
public struct RolloutState: Sendable, Equatable {
  /// In the order in which `RolloutTable.replaying` takes them.
  public let flips: [FlipRecord]
  /// What of the file could not be read, as warnings: the proxy starts with the rest.
  public let problems: [ConfigurationProblem]

  /// The format that this version writes.
  static let version = 1
  /// The most changes that are read: several a rollout for the most rollouts.
  static let maximumFlips = 1000

  /// Holds `RolloutTable.flips`.
  public init(_ flips: [FlipRecord]) {
    self.flips = flips
    problems = []
  }

  init(flips: [FlipRecord], problems: [ConfigurationProblem]) {
    self.flips = flips
    self.problems = problems
  }

  /// The file's bytes, one change a line; write them to a new file and rename it, so that no reader sees
  /// half.
  public var encoded: [UInt8] {
    let lines = flips.map(\.json).joined(separator: ",\n")
    return Array(
      "{\"version\":\(RolloutState.version),\"flips\":[\n\(lines)\(lines.isEmpty ? "" : "\n")]}\n".utf8)
  }
}

extension FlipRecord {
  fileprivate var json: String {
    "{\"rollout\":\(JSONString.quoted(rollout)),\(change.json),"
      + "\"who\":\(JSONString.quoted(who)),\"when_ms\":\(when)}"
  }
}

extension FlipRecord.Change {
  fileprivate var json: String {
    switch self {
    case .percent(let from, let to): pair("percent", Self.percent(from), Self.percent(to))
    case .shares(let from, let to): pair("shares", Self.object(from), Self.object(to))
    case .enabled(let from, let to): pair("enabled", "\(from)", "\(to)")
    case .reset(let from, let to): pair("reset", Self.object(from), Self.object(to))
    }
  }

  private func pair(_ name: String, _ from: String, _ to: String) -> String {
    "\"\(name)\":{\"from\":\(from),\"to\":\(to)}"
  }

  private static func percent(_ hundredths: Int) -> String { Percent(hundredths: hundredths).description }

  private static func object(_ shares: [String: Int]) -> String {
    let members = shares.sorted { $0.key < $1.key }.map {
      "\(JSONString.quoted($0.key)):\(percent($0.value))"
    }
    return "{" + members.joined(separator: ",") + "}"
  }
}
