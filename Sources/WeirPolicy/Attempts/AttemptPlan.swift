/// One place that a request may go to.
public struct AttemptTarget: Sendable, Equatable {
  /// The place of the upstream in `PolicySnapshot.upstreams`.
  public let upstream: Int
  /// The model asked of it; nil for a request that names none.
  public let model: ResolvedModel?
  /// Whether `model` is another than the request was for.
  public let isFallback: Bool
  /// The upstream's name and the model as it is sent there.
  public let key: CircuitKey
  /// Of the model, in tokens; nil where it is not known.
  public let contextWindow: Int?

  init(upstream: Int, model: ResolvedModel?, isFallback: Bool, contextWindow: Int?, route: UpstreamRoute) {
    self.upstream = upstream
    self.model = model
    self.isFallback = isFallback
    self.contextWindow = contextWindow
    key = CircuitKey(upstream: route.name, model: model.map { route.name(of: $0.upstreamID) } ?? "")
  }
}

/// Where a request may go, best first.
public struct AttemptPlan: Sendable, Equatable {
  /// Never empty when `PlanAttempts` made it.
  public let targets: [AttemptTarget]

  /// Takes the targets in order.
  public init(targets: [AttemptTarget]) {
    self.targets = targets
  }

  /// The target at a place; nil beyond the last.
  public func target(_ index: Int) -> AttemptTarget? { targets.indices.contains(index) ? targets[index] : nil }
}
