/// Lists where a request may go: its model's upstreams, then its fallback models with theirs.
public enum PlanAttempts {
  /// - Parameter model: nil for a request that names none, which goes to the default upstream and nowhere else.
  public static func plan(_ model: ResolvedModel?, policy: PolicySnapshot) -> AttemptPlan {
    guard let model else { return policy.attemptRoutes.unnamed }
    let entry = policy.attemptRoutes.entry(of: model)
    return entry.plans.first { $0.model == model }?.plan ?? entry.plan(model, upstreams: policy.upstreams)
  }
}
