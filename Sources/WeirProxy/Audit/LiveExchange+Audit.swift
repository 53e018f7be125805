import NIOCore
import WeirConfiguration
import WeirPolicy

// What an exchange leaves in the audit log.
extension LiveExchange {
  /// Called once, before the exchange gives its body back. Costs one branch where there is no audit log.
  func audit() {
    guard let log = loop.state.audit else { return }
    if exchange.client != ClientDirectory.anonymous, let peer = connection.peer,
      let reason = log.keyUses.note(client: exchange.client, peer: peer, wall: WallClock.wholeSeconds())
    {
      log.record(
        AuditEvent(.keyUsed).with("client", exchange.client).with("peer", peer).with("reason", reason.rawValue)
          .with("request_id", exchange.requestID))
    }
    for finding in exchange.screening?.findings ?? [] where !Self.refusing.contains(finding.action) {
      record(.flagged, code: finding.action, rule: finding.rule, in: log) { event in
        event.with("action", finding.action).with("rule", finding.rule).with("place", finding.place)
          .with("count", finding.count)
      }
    }
    guard let refusal = exchange.refusal, AuditEvent.isAudited(refusal) else { return }
    let rule = rule(of: refusal)
    record(.refused, code: refusal.code.rawValue, rule: rule, in: log) { event in
      event.with("code", refusal.code.rawValue).with("rule", rule).with("reason", refusal.logged)
        .with("status", refusal.status).with("body", auditedBody)
    }
  }

  private func rule(of refusal: Refusal) -> String? {
    if let limit = refusal.limit { return limit }
    let finding = exchange.screening?.findings.last { Self.refusing.contains($0.action) }
    // Of a reply's call nothing is found in the request.
    return finding?.rule ?? (refusal.code == .toolNotAllowed ? Self.tools : nil)
  }

  /// What the rules about tools are called.
  private static let tools = "tools"
  /// Findings that the refusal itself tells of.
  private static let refusing: Set<String> = ["block", "refuse"]

  private func record(
    _ kind: AuditEvent.Kind, code: String, rule: String?, in log: AuditLog, _ complete: (AuditEvent) -> AuditEvent
  ) {
    let peer = connection.peer ?? "unknown"
    let key = AuditRepeats.Key(client: exchange.client, peer: peer, code: code, rule: rule)
    let (hasLine, summary) = log.repeats.note(key, wall: WallClock.wholeSeconds())
    for event in summary { log.record(event) }
    guard hasLine else { return }
    log.record(complete(AuditEvent(kind, exchange, peer: peer)))
  }

  /// The request's body, where somebody turned that on.
  private var auditedBody: String? {
    guard snapshot.configuration.audit.includesPrompts else { return nil }
    let body = intakeBody
    return body.getString(at: body.readerIndex, length: min(body.readableBytes, AuditLog.maximumBody))
  }
}
