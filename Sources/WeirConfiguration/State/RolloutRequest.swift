public import WeirPolicy
import WeirWire

/// What `PUT /rollouts/{name}` asks for.
public enum RolloutRequest: Sendable, Equatable {
  /// `{"percent": 25}`: all variants together, in hundredths of a percent.
  case percent(Int)
  /// `{"variants": {"kimi": 12.5}}`: shares by name, in hundredths of a percent.
  case variants([String: Int])
  /// `{"enabled": false}`.
  case enabled(Bool)

  /// Why a body cannot be read; a sentence for whoever sent it.
  public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what would be right.
    public let description: String
  }

  /// Reads a body.
  public static func read(_ body: [UInt8]) throws(Fault) -> RolloutRequest {
    let example = #"send {"percent": 25}, {"variants": {"kimi": 12.5}} or {"enabled": false}"#
    guard let document = try? JSONDocument.read(body), case .object(let members) = document, members.count == 1 else {
      throw Fault(description: "the body is not a JSON object with exactly one member; \(example)")
    }
    switch (members["percent"], members["variants"], members["enabled"]) {
    case (let percent?, _, _): return .percent(try hundredths(percent, of: "percent"))
    case (_, .object(let shares)?, _) where !shares.isEmpty:
      var read: [String: Int] = [:]
      for (name, share) in shares { read[name] = try hundredths(share, of: name) }
      return .variants(read)
    case (_, _, .boolean(let isEnabled)?): return .enabled(isEnabled)
    default: throw Fault(description: "the member is none that is known, or of the wrong type; \(example)")
    }
  }

  /// The table after the change, and its record.
  public func apply(
    to name: String, in table: RolloutTable, who: String, when: Int64
  ) throws(RolloutProblem) -> (table: RolloutTable, record: FlipRecord) {
    switch self {
    case .percent(let hundredths): try table.settingPercent(of: name, to: hundredths, who: who, when: when)
    case .variants(let shares): try table.settingShares(of: name, to: shares, who: who, when: when)
    case .enabled(let isEnabled): try table.settingEnabled(isEnabled, of: name, who: who, when: when)
    }
  }

  private static func hundredths(_ value: JSONDocument, of name: String) throws(Fault) -> Int {
    guard case .number(let spelling) = value, let percent = try? ValueParsers.percent(spelling) else {
      throw Fault(description: "\(name) is not a percentage from 0 to 100 with at most two decimals")
    }
    return percent.hundredths
  }
}
