import WeirPolicy

extension Settings {
  static let auditLog = Setting(
    "WEIR_AUDIT_LOG", yaml: "audit.file", ValueType<String>.path.orOff, default: nil, reloadable: false,
    "File of the audit log")
  static let auditMaxBytes = Setting(
    "WEIR_AUDIT_MAX_BYTES", yaml: "audit.max_bytes", .bytes(in: 4096...(1 << 40)), default: 104_857_600,
    "From this size on the audit log goes on in a new file")
  static let auditKeep = Setting(
    "WEIR_AUDIT_KEEP", yaml: "audit.keep", .integer(in: 1...1000), default: 10,
    "How many earlier files of the audit log are kept, as `FILE.1` (the newest), `FILE.2` and so on")
  static let auditOnFailure = Setting(
    "WEIR_AUDIT_ON_FAILURE", yaml: "audit.on_failure", .choice, default: Configuration.Audit.OnFailure.goOn,
    "What happens while the audit log cannot be written: `continue` serves requests and loses lines, `refuse` answers "
      + "503 `overloaded`")
  static let auditPrompts = Setting(
    "WEIR_AUDIT_PROMPTS", yaml: "audit.prompts", .boolean, default: false,
    "`true` writes the bodies of refused requests to the audit log, up to 65536 bytes each")

  static let auditing = [
    auditLog.entry, auditMaxBytes.entry, auditKeep.entry, auditOnFailure.entry, auditPrompts.entry,
  ]

  static let anomalies = Setting(
    "WEIR_ANOMALIES", yaml: "anomalies.enabled", .boolean, default: true,
    "`false` does not watch clients' traffic for anomalies")
  static let anomalySensitivity = Setting(
    "WEIR_ANOMALY_SENSITIVITY", yaml: "anomalies.sensitivity", .choice, default: AnomalyPolicy.Sensitivity.normal,
    "How far traffic must depart from the usual: 8, 4 or 2.5 times")
  static let anomalyLearnMinutes = Setting(
    "WEIR_ANOMALY_LEARN_MINUTES", yaml: "anomalies.learn_minutes", .amount(upTo: 10_080),
    default: SpelledNumber(spelling: "60", value: 60),
    "How long a client is only learned from; a departure that lasts as long becomes the usual")
  static let anomalyCoolDownMinutes = Setting(
    "WEIR_ANOMALY_COOLDOWN_MINUTES", yaml: "anomalies.cooldown_minutes", .amount(upTo: 10_080),
    default: SpelledNumber(spelling: "10", value: 10),
    "How long a kind of anomaly of one client stays silent after it was raised")
  static let webhookURL = Setting(
    "WEIR_WEBHOOK_URL", yaml: "anomalies.webhook.url", .webhookURL, secret: true,
    "Where anomalies and used-up budgets are posted to as JSON")
  static let webhookSecret = Setting(
    "WEIR_WEBHOOK_SECRET", yaml: "anomalies.webhook.secret", .secretText, secret: true,
    "The key that `x-weir-signature` is made with")

  static let watching = [
    anomalies.entry, anomalySensitivity.entry, anomalyLearnMinutes.entry, anomalyCoolDownMinutes.entry,
    webhookURL.entry, webhookSecret.entry,
  ]
}

extension ValueType where Value == Secret {
  /// Its path or query is often what lets the sender in.
  static let webhookURL = ValueType("secret", parse: ValueParsers.webhookURL, spell: \.description)
}

extension ValueParsers {
  /// An `http` or `https` URL with a host. It is never quoted: it may hold a token.
  static func webhookURL(_ text: String) throws(ValueProblem) -> Secret {
    let example = "for example https://hooks.example.com/weir"
    let lower = text.lowercased()
    guard lower.hasPrefix("https://") || lower.hasPrefix("http://") else {
      throw ValueProblem("the URL does not begin with https:// or http://", fix: example)
    }
    let rest = text.drop { $0 != "/" }.dropFirst(2)
    let authority = rest.prefix { !"/?#".contains($0) }
    guard ASCII.isVisible(text), text.utf8.count <= 4096, !authority.isEmpty, !authority.hasPrefix(":") else {
      throw ValueProblem("the URL has no host, is too long or holds characters beyond visible ASCII", fix: example)
    }
    guard !authority.contains("@"), !rest.contains("#") else {
      throw ValueProblem("the URL holds a user name or a fragment", fix: "remove it, " + example)
    }
    return Secret(text)
  }
}
