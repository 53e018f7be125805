import WeirPolicy

/// The audit log, the anomaly watch and the webhook, worked out from their settings.
struct WatchingParts {
  let audit: Configuration.Audit
  let anomalies: AnomalyPolicy
  let webhook: Configuration.Webhook?

  init(_ resolver: inout SettingsResolver) {
    audit = Configuration.Audit(
      file: resolver.value(Settings.auditLog),
      maxBytes: resolver.value(Settings.auditMaxBytes),
      keep: resolver.value(Settings.auditKeep),
      onFailure: resolver.value(Settings.auditOnFailure),
      includesPrompts: resolver.value(Settings.auditPrompts))
    anomalies = AnomalyPolicy(
      isEnabled: resolver.value(Settings.anomalies),
      sensitivity: resolver.value(Settings.anomalySensitivity),
      learnTime: Self.nanoseconds(minutes: resolver.value(Settings.anomalyLearnMinutes)),
      coolDown: Self.nanoseconds(minutes: resolver.value(Settings.anomalyCoolDownMinutes)))
    let secret = resolver.value(Settings.webhookSecret)
    webhook = resolver.value(Settings.webhookURL).map { Configuration.Webhook(url: $0, secret: secret) }
    if webhook != nil, secret == nil {
      Self.warn(
        Settings.webhookURL, "nothing signs what is posted, so a receiver cannot tell that weir sent it",
        fix: "set WEIR_WEBHOOK_SECRET", &resolver)
    } else if webhook == nil, secret != nil {
      Self.warn(
        Settings.webhookSecret, "there is no webhook that it could sign for", fix: "set WEIR_WEBHOOK_URL too",
        &resolver)
    }
  }

  /// At most a week, so it always fits.
  private static func nanoseconds(minutes: SpelledNumber) -> Int64 { Int64(minutes.value * 60_000_000_000) }

  private static func warn<Value>(
    _ setting: Setting<Value>, _ what: String, fix: String, _ resolver: inout SettingsResolver
  ) {
    let place = resolver.place(of: setting)
    resolver.problems.append(
      ConfigurationProblem(.warning, at: place.origin, key: place.key, what: what, fix: fix))
  }
}
