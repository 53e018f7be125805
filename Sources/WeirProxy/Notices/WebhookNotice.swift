/// What a webhook is told: one JSON object with `type`, `id` and `time`, and what happened. No key, prompt or reply.
struct WebhookNotice {
  /// The member `type`.
  enum Kind: String {
    case anomaly
    case budgetUsedUp = "budget_used_up"
  }

  /// The same for every try.
  let id: String
  /// Open for the members that tell what happened.
  var line = JSONLine()

  init(_ kind: Kind) {
    var generator = SystemRandomNumberGenerator()
    id = String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
    line.add("type", kind.rawValue)
    line.add("id", id)
    line.addTime()
  }
}
