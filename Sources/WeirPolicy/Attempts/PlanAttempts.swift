/// Lists where a request may go: its model's upstreams, then its fallback models with theirs.
public enum PlanAttempts {
  /// What the client may use of a model's plan: fallback models that it may not ask for are left out.
  static func plan(_ model: ResolvedModel?, for client: ClientProfile?, policy: PolicySnapshot) -> AttemptPlan {
    let whole = plan(model, policy: policy)
    guard let client, !client.access.isOpen else { return whole }
    return AttemptPlan(
      targets: whole.targets.filter { target in
        guard target.isFallback, let fallback = target.model else { return true }
        return client.mayAsk(for: fallback.upstreamID, model: fallback)
      })
  }

  /// - Parameter model: nil for a request that names none, which goes to the default upstream and nowhere else.
  public static func plan(_ model: ResolvedModel?, policy: PolicySnapshot) -> AttemptPlan {
    guard let model else { return policy.attemptRoutes.unnamed }
    let entry = policy.attemptRoutes.entry(of: model)
    return entry.plans.first { $0.model == model }?.plan ?? entry.plan(model, upstreams: policy.upstreams)
  }
}
