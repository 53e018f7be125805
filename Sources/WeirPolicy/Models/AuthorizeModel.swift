import WeirWire

/// Finds what a model name means, and whether it may be asked for here.
public enum AuthorizeModel {
  /// Nil when the request names no model of its own.
  ///
  /// - Parameter client: who asks; nil where no keys are asked for.
  static func authorize(
    _ asked: String?, for client: ClientProfile?, policy: PolicySnapshot
  ) throws(Refusal) -> ResolvedModel? {
    guard let asked else { return nil }
    let model = policy.models.resolve(asked)
    guard case .refused(_, let nearNames) = policy.access.decide(asked, model: model, catalog: policy.models) else {
      try authorize(asked, model, for: client, policy)
      return model
    }
    let remedy =
      nearNames.isEmpty
      ? "Ask the operator of this proxy which models it allows."
      : "Allowed models with a similar name: \(nearNames.joined(separator: ", "))."
    throw Refusal(
      .modelNotAllowed, "the model is not allowed by this proxy", remedy: remedy, param: "model")
  }

  /// A stored prompt names its own model, which nobody here can see: not where only some may be asked for.
  static func authorizeStored(_ exchange: Exchange, envelope: Envelope, policy: PolicySnapshot) throws(Refusal) {
    guard exchange.askedModel == nil, envelope.models.isEmpty else { return }
    if let client = exchange.profile, !client.access.isOpen { throw refusal(to: client) }
    guard policy.access.isOpen else {
      throw Refusal(
        .modelNotAllowed, "this proxy does not allow every model, and cannot see which one a stored prompt names",
        remedy: "Name the model in the request too.", param: "model")
    }
  }

  private static func authorize(
    _ asked: String, _ model: ResolvedModel, for client: ClientProfile?, _ policy: PolicySnapshot
  ) throws(Refusal) {
    guard let client, !client.mayAsk(for: asked, model: model) else { return }
    throw refusal(to: client)
  }

  /// Whether a client that has models of its own would be let through with a name.
  public static func permits(_ asked: String, for client: ClientProfile, policy: PolicySnapshot) -> Bool {
    let model = policy.models.resolve(asked)
    return policy.access.permits(asked, model: model) && client.mayAsk(for: asked, model: model)
  }

  /// The model is none of those that the client may ask for.
  public static func refusal(to client: ClientProfile) -> Refusal {
    let patterns = client.access.allow.prefix(5).map(\.description).joined(separator: ", ")
    return Refusal(
      .modelNotAllowed, "the model is not allowed to this client",
      remedy: "It may ask for: \(patterns)\(client.access.allow.count > 5 ? ", and more" : "").", param: "model")
  }
}
