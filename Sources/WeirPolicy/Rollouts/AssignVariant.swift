/// Lets a rollout choose the model, where one is about the model that was asked for.
enum AssignVariant {
  static func assign(_ exchange: Exchange, head: RequestHead, policy: PolicySnapshot, random: UInt64) {
    guard let asked = exchange.askedModel, let model = exchange.model else { return }
    guard
      let decision = policy.rollouts.assign(
        asked, model: model, user: exchange.user, random: random, override: head.weirVariant)
    else { return }
    exchange.assignment = decision.assignment
    if let variant = decision.model { exchange.model = variant }
  }
}
