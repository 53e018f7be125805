import WeirPolicy
import WeirWire

/// One line of the audit log before it has its place in the chain. It holds no key, prompt or reply, but for `body`,
/// which somebody must have turned on.
struct AuditEvent {
  /// What may be in the log; the raw value is the member `event`.
  enum Kind: String {
    case started, stopped, recovered, dropped
    case refused, repeated, flagged
    case keyUsed = "key_used"
    case budgetUsedUp = "budget_used_up"
    case configurationLoaded = "config_loaded"
    case configurationReloaded = "config_reloaded"
    case reloadFailed = "config_reload_failed"
    case rolloutChanged = "rollout_changed"
    case killSwitch = "kill_switch"
    case cacheFlushed = "cache_flushed"
    case adminRefused = "admin_refused"
    case anomaly
  }

  private var line: JSONLine

  /// An event of this moment.
  init(_ kind: Kind) {
    line = JSONLine(capacity: 384)
    line.addTime()
    line.add("event", kind.rawValue)
  }

  func with(_ name: StaticString, _ value: String?) -> AuditEvent {
    guard let value else { return self }
    var event = self
    event.line.add(name, value)
    return event
  }

  func with(_ name: StaticString, _ value: Int) -> AuditEvent {
    var event = self
    event.line.add(name, value)
    return event
  }

  func with(_ name: StaticString, json: some Sequence<UInt8>) -> AuditEvent {
    var event = self
    event.line.add(name, json: json)
    return event
  }

  /// JSON members without braces, as `AuditChain` takes them.
  var members: ArraySlice<UInt8> { line.finish().dropFirst().dropLast() }
}

extension AuditEvent {
  /// Who asked for what, from where.
  init(_ kind: Kind, _ exchange: Exchange, peer: String) {
    self = AuditEvent(kind).with("client", exchange.client).with("user", exchange.user.map(AuditDigest.user))
      .with("peer", peer).with("request_id", exchange.requestID).with("method", exchange.method)
      .with("endpoint", exchange.endpoint.rawValue)
      .with("model", exchange.askedModel.map { String($0.prefix(256)) })
  }

  /// The refusals that somebody may be asked about later: those that say who may do what, and how much. A bad
  /// request or a failing upstream is for the access log.
  static func isAudited(_ refusal: Refusal) -> Bool {
    switch refusal.code.rawValue {
    case "unauthorized", "model_not_allowed", "model_disabled", "tool_not_allowed", "content_blocked",
      "token_limit_exceeded", "rate_limit_exceeded", "budget_exceeded":
      true
    default: false
    }
  }
}
