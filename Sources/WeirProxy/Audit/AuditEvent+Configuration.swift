import WeirConfiguration
import WeirWire

// What starts and reloads leave in the audit log: names of settings, never values.
extension AuditEvent {
  /// A reload that was refused. Where the problems are, not what was written there.
  static func reloadFailed(_ problems: [ConfigurationProblem], who: String) -> AuditEvent {
    let places = problems.filter { $0.severity == .error }.prefix(20).map { problem in
      let line = problem.line.map { ":\($0)" } ?? ""
      return "\(problem.source)\(line)\(problem.key.map { " \($0)" } ?? "")"
    }
    return AuditEvent(.reloadFailed).with("who", who).with("problems", problems.count)
      .with("places", json: list(places))
  }

  /// A JSON array of strings.
  static func list(_ names: [String]) -> [UInt8] {
    Array("[\(names.map(JSONText.quoted).joined(separator: ","))]".utf8)
  }
}

extension AuditLog {
  /// The process serves.
  func recordStart(_ configuration: Configuration, version: String) {
    record(AuditEvent(.started).with("version", version))
    record(
      AuditEvent(.configurationLoaded).with("configuration", configuration.fingerprint)
        .with("files", json: AuditEvent.list(configuration.files)))
    if !configuration.kimi.isEnabled { record(AuditEvent(.killSwitch).with("state", "on").with("who", "start")) }
  }

  /// Another configuration is about to be in effect.
  func recordReload(from previous: Configuration, to next: Configuration, who: String) {
    record(
      AuditEvent(.configurationReloaded).with("who", who).with("configuration", next.fingerprint)
        .with("changed", json: AuditEvent.list(next.changes(since: previous))))
    guard previous.kimi.isEnabled != next.kimi.isEnabled else { return }
    record(AuditEvent(.killSwitch).with("state", next.kimi.isEnabled ? "off" : "on").with("who", who))
  }
}
