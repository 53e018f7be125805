import WeirWire

extension LookUpCache {
  /// Decides for a request that is ready to go upstream.
  static func decide(
    _ exchange: Exchange, head: RequestHead, envelope: Envelope, policy: PolicySnapshot,
    memberText: (Range<Int>) -> String
  ) throws(Refusal) -> CacheDecision {
    let directives = try CacheDirectives.read(cacheControl: head.cacheControl, timeToLive: head.weirCacheTTL)
    let needsTemperature = policy.cache.maximumTemperature != nil
    let question = Question(
      endpoint: exchange.endpoint, model: exchange.sentModel,
      temperature: needsTemperature ? envelope.range(of: .temperature).map(memberText) : nil, directives: directives)
    return try decide(question, policy: policy.cache)
  }
}
