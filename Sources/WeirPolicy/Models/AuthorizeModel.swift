/// Finds what a model name means, and whether it may be asked for here.
enum AuthorizeModel {
  /// Nil when the request names no model of its own.
  static func authorize(_ asked: String?, policy: PolicySnapshot) throws(Refusal) -> ResolvedModel? {
    guard let asked else { return nil }
    let model = policy.models.resolve(asked)
    guard case .refused(_, let nearNames) = policy.access.decide(asked, model: model, catalog: policy.models) else {
      return model
    }
    let remedy =
      nearNames.isEmpty
      ? "Ask the operator of this proxy which models it allows."
      : "Allowed models with a similar name: \(nearNames.joined(separator: ", "))."
    throw Refusal(
      .modelNotAllowed, "the model is not allowed by this proxy", remedy: remedy, param: "model")
  }
}
