import WeirConfiguration
import WeirPolicy

/// The kill switch as it was set on a running proxy: beside the rollouts, under the setting's own name. Off wins: Kimi
/// models are served while neither the configuration nor the flip says no.
enum KillSwitchFlip {
  static let name = "FEATURE_KIMI_ENABLED"

  /// The record of a change that switches it off or on again.
  static func record(to isEnabled: Bool, from before: Bool, who: String, when: Int64) -> FlipRecord {
    FlipRecord(rollout: name, change: .enabled(from: before, to: isEnabled), who: who, when: when)
  }

  /// What a request asks for: `{"enabled": …}`, or as `weir rollout` says it, `{"percent": 0}` or 100.
  static func isEnabled(_ request: RolloutRequest) -> Bool? {
    switch request {
    case .enabled(let isEnabled): isEnabled
    case .percent(0): false
    case .percent(10_000): true
    case .percent, .variants: nil
    }
  }

  /// Whether a flip lets Kimi models be served; nil, and a reset, leave it to the configuration.
  static func allows(_ flip: FlipRecord?) -> Bool {
    guard case .enabled(_, let isEnabled) = flip?.change else { return true }
    return isEnabled
  }
}
