/// Lets weir choose the model: for the name `auto` by what the request is for, and, where the operator wants it, for a
/// request that is too long for the model it names.
enum RouteByTask {
  /// A common rule of thumb for English text (OpenAI's help pages): four bytes make a token.
  static let bytesPerToken = 4

  /// The model for `auto`; nil when the request names another one.
  ///
  /// - Parameter bodyBytes: the size of the request's JSON, from which its length in tokens is estimated.
  static func choose(
    _ asked: String?, for client: ClientProfile?, head: RequestHead, bodyBytes: Int, policy: PolicySnapshot
  ) throws(Refusal) -> ResolvedModel? {
    guard let asked, let routes = policy.routes, asked.lowercased() == TaskRoutes.automatic else { return nil }
    let tokens = bodyBytes / bytesPerToken
    switch routes.choose(task: head.weirTask, tokens: tokens, mayUse: { mayUse($0, client, policy) }) {
    case .model(let model): return policy.models.resolve(model.id)
    case .unknownTask(let known):
      throw Refusal(
        .invalidRequest, "the task in `x-weir-task` is not known",
        remedy: "Name one of: \(known.joined(separator: ", ")).", param: "model")
    case .none:
      throw Refusal(
        .invalidRequest, "no model that may be used can do this task with a request of about \(tokens) tokens",
        remedy: "Name a model, send less, or ask the operator for another candidate.", param: "model")
    }
  }

  /// Moves a request that is too long for its model to one with room for it.
  static func relieve(_ exchange: Exchange, bodyBytes: Int, policy: PolicySnapshot) {
    guard policy.routesByLength, let routes = policy.routes, let model = exchange.model,
      let described = policy.models.model(of: model),
      let relief = routes.relief(
        for: described, tokens: bodyBytes / bytesPerToken, mayUse: { mayUse($0, exchange.profile, policy) })
    else { return }
    exchange.fallbackFrom = model.upstreamID
    exchange.fallbackReason = .contextLength
    exchange.model = policy.models.resolve(relief.id)
  }

  private static func mayUse(_ model: CatalogModel, _ client: ClientProfile?, _ policy: PolicySnapshot) -> Bool {
    let resolved = policy.models.resolve(model.id)
    guard case .serve = policy.killSwitch.decide(resolved) else { return false }
    return policy.access.permits(model.id, model: resolved)
      && client?.mayAsk(for: model.id, model: resolved) ?? true
  }
}
