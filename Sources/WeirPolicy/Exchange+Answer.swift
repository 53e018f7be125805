extension Exchange {
  /// weir answers with a document of its own, or one of the upstream's that it kept or added to. The status is then
  /// the client's, whatever the upstream said, if it said anything.
  public func answered(status: Int) { self.status = status }

  /// The circuit that the last step opened or closed, handed out once.
  public func takeCircuitChange() -> CircuitChange? {
    defer { circuitChange = nil }
    return circuitChange
  }

  /// What became of the look into the cache.
  public func answered(from result: CacheResult) { cacheResult = result }

  /// It gets what an identical request brings.
  public func follows(since now: Int64) {
    cacheResult = .coalesced
    followedAt = now
  }

  /// The model that the attempt at hand asks, where it is not the one that the request is for.
  public var modelFallenBackTo: ResolvedModel? {
    guard let first = plan.targets.first?.model, let model, model.upstreamID != first.upstreamID else { return nil }
    return model
  }

  /// The identical request that it follows fell back to this model. That one counts the fallback.
  public func fell(backTo fallback: ResolvedModel) {
    fallbackFrom = fallbackFrom ?? model?.upstreamID
    model = fallback
  }

  /// The reply is one that an earlier or identical request brought.
  ///
  /// - Parameter kept: the reply where it was kept; nil where another request's record has it.
  public func takes(status: Int, model: String?, upstream: String, kept: StoredReply? = nil, now: Int64) {
    repliedAt = now
    self.status = status
    self.upstream = upstream
    if let model { sentModel = model }
    self.kept = kept
  }
}
