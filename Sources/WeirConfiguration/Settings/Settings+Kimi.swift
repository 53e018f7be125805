extension Settings {
  static let kimiEnabled = Setting(
    "FEATURE_KIMI_ENABLED", yaml: "kimi.enabled", .boolean, default: true,
    "`false` is the kill switch: no request reaches a Kimi model, the fallback model serves instead")
  static let kimiModelID = Setting(
    "KIMI_MODEL_ID", aliases: ["KIMI_K2_MODEL"], yaml: "kimi.model_id", .model,
    default: "moonshotai/kimi-k2", "What the alias `kimi-k2` becomes")
  static let kimiMaxTokens = Setting(
    "KIMI_K2_MAX_TOKENS", yaml: "kimi.max_tokens", .integer(in: 1...10_000_000),
    "Filled in for Kimi models where the request is silent")
  static let kimiTemperature = Setting(
    "KIMI_K2_TEMPERATURE", yaml: "kimi.temperature", .number(upTo: 2),
    "Filled in for Kimi models where the request is silent; Moonshot recommends 0.6 for K2 instruct")
  static let rolloutPercentage = Setting(
    "KIMI_ROLLOUT_PERCENTAGE", yaml: "kimi.rollout_percentage", .percent, default: Percent(hundredths: 0),
    "Share of users, 0 to 100, whose requests for an incumbent model are served by Kimi")
  static let rolloutFrom = Setting(
    "KIMI_ROLLOUT_FROM", yaml: "kimi.rollout_from", .models,
    default: ["gpt-4", "gpt-4-turbo", "gpt-4-turbo-preview", "gpt-3.5-turbo"],
    "The incumbent models")
  static let fallbackModel = Setting(
    "KIMI_FALLBACK_MODEL", yaml: "kimi.fallback_model", .modelOrOff, default: "openai/gpt-4-turbo",
    "Where a failed or switched-off Kimi request goes; with `off`, a failed one keeps its error, and a switched-off one is "
      + "refused with `model_disabled`")

  static let kimi = [
    kimiEnabled.entry, kimiModelID.entry, kimiMaxTokens.entry, kimiTemperature.entry,
    rolloutPercentage.entry, rolloutFrom.entry, fallbackModel.entry,
  ]
}
