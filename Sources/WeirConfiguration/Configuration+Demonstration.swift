extension Configuration {
  /// The same with a simulator in the place of every upstream, and apart from what the operator's own weir uses: no key of
  /// an upstream leaves, no simulated reply or changed rollout reaches other sidecars or the next `weir serve`, nobody is
  /// told of what happens. The ledger stays.
  ///
  /// - Parameter url: the simulator's.
  public func demonstration(at url: UpstreamURL) -> Configuration {
    var demonstration = self
    for index in demonstration.upstreams.indices {
      demonstration.upstreams[index].url = url
      demonstration.upstreams[index].apiKey = Secret("sk-demo")
      demonstration.upstreams[index].passesClientKey = false
      demonstration.upstreams[index].headers = []
    }
    demonstration.sharedState.url = nil
    demonstration.rolloutStateFile = nil
    demonstration.budgetStateFile = nil
    demonstration.audit.file = nil
    demonstration.webhook = nil
    return demonstration
  }
}
