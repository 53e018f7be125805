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
    if let refusal = exchange.refusal, AuditEvent.isAudited(refusal) { audit(refusal, to: log) }
  }

  private func audit(_ refusal: Refusal, to log: AuditLog) {
    let peer = connection.peer ?? "unknown"
    let key = AuditRepeats.Key(
      client: exchange.client, peer: peer, code: refusal.code.rawValue, rule: refusal.limit)
    let (hasLine, summary) = log.repeats.note(key, wall: WallClock.wholeSeconds())
    for event in summary { log.record(event) }
    guard hasLine else { return }
    log.record(
      AuditEvent(.refused, exchange, peer: peer).with("code", refusal.code.rawValue).with("rule", refusal.limit)
        .with("reason", refusal.logged).with("status", refusal.status).with("body", auditedBody))
  }

  /// The request's body, where somebody turned that on.
  private var auditedBody: String? {
    guard snapshot.configuration.audit.includesPrompts else { return nil }
    let body = intakeBody
    return body.getString(at: body.readerIndex, length: min(body.readableBytes, AuditLog.maximumBody))
  }
}
