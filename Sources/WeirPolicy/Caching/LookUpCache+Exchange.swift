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
      temperature: needsTemperature ? envelope.range(of: .temperature).map(memberText) : nil,
      changesUpstream: exchange.endpoint == .responses && changesUpstream(envelope, memberText), directives: directives)
    return try decide(question, policy: policy.cache)
  }

  /// A second turn of a conversation is another one, though it reads the same, and what runs in the background is there
  /// to be asked for and cancelled by its own id.
  private static func changesUpstream(_ envelope: Envelope, _ memberText: (Range<Int>) -> String) -> Bool {
    let conversation = envelope.range(of: .conversation).map(memberText) ?? "null"
    let background = envelope.range(of: .background).map(memberText) ?? "null"
    return conversation != "null" || background != "null" && background != "false"
  }
}
