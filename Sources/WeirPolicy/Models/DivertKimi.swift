/// Keeps requests from Kimi models while the kill switch is off.
enum DivertKimi {
  static func divert(_ exchange: Exchange, policy: PolicySnapshot) throws(Refusal) {
    guard let model = exchange.model else { return }
    switch policy.killSwitch.decide(model) {
    case .serve: return
    case .fallBack(let fallback, let from):
      exchange.model = fallback
      exchange.fallbackFrom = from
      exchange.fallbackReason = .killSwitch
    case .refuse: throw refusal
    }
  }

  /// Also for entries of a request's `models` list.
  static var refusal: Refusal {
    Refusal(
      .modelDisabled, "Kimi models are switched off here and no other model takes their place",
      remedy: "Ask for another model; the operator can set FEATURE_KIMI_ENABLED=true or KIMI_FALLBACK_MODEL.",
      param: "model", fields: [.shouldNotRetry])
  }
}
