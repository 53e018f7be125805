public import WeirWire

/// Decides whether a request has to do with the cache at all, and how. Looks nothing up: the caller has the cache and
/// makes the key, once it knows that it needs one.
public enum LookUpCache {
  /// What of a request the decision is made on.
  public struct Question: Sendable {
    /// The API that is called.
    public var endpoint: Endpoint
    /// The model that is asked of the upstream; nil when the request names none.
    public var model: String?
    /// The JSON text of the member `temperature` as it is sent; nil where there is none.
    public var temperature: String?
    /// Whether the request changes what the upstream keeps of a conversation, or begins work in the background.
    public var changesUpstream: Bool
    /// What the request says.
    public var directives: CacheDirectives

    /// Describes a request.
    public init(
      endpoint: Endpoint, model: String?, temperature: String? = nil, changesUpstream: Bool = false,
      directives: CacheDirectives = CacheDirectives()
    ) {
      self.endpoint = endpoint
      self.model = model
      self.temperature = temperature
      self.changesUpstream = changesUpstream
      self.directives = directives
    }
  }

  /// Decides.
  ///
  /// - Throws: 504 for a request that wants a kept reply only and cannot have one.
  public static func decide(_ question: Question, policy: CachePolicy) throws(Refusal) -> CacheDecision {
    let decision = weigh(question, policy)
    if question.directives.onlyIfCached {
      guard case .use(let use) = decision, use.mayRead else { throw notKept }
    }
    return decision
  }

  /// The answer to `only-if-cached` where nothing is kept (RFC 9111, section 5.2.1.7, which asks for 504). A request
  /// like that does not wait for one in flight either.
  public static let notKept = Refusal(
    .invalidRequest, "no reply to this request is kept, and it asks for a kept one only",
    remedy: "Leave `only-if-cached` out of `Cache-Control` to have the upstream asked.", status: 504)

  private static func weigh(_ question: Question, _ policy: CachePolicy) -> CacheDecision {
    let directives = question.directives
    guard policy.timeToLive > 0, policy.maximumBytes > 0 else { return .bypass(.off) }
    guard policy.endpoints.contains(question.endpoint) else { return .bypass(.endpoint) }
    guard !question.changesUpstream else { return .bypass(.upstreamState) }
    guard !directives.forbidsStore else { return .bypass(.noStore) }
    guard directives.timeToLive != 0 else { return .bypass(.timeToLive) }
    let configured = timeToLive(of: question.model, policy)
    guard configured > 0 else { return .bypass(.model) }
    guard isCoolEnough(question, policy) else { return .bypass(.temperature) }
    // No answer is older than the configuration allows now, whatever was allowed when it was kept.
    let timeToLive = directives.timeToLive ?? configured
    let maximumAge = min(directives.maximumAge ?? timeToLive, timeToLive)
    return .use(
      CacheUse(
        mayRead: !directives.forbidsRead && maximumAge > 0, maximumAgeSeconds: maximumAge,
        timeToLiveSeconds: timeToLive, onlyIfCached: directives.onlyIfCached))
  }

  private static func timeToLive(of model: String?, _ policy: CachePolicy) -> Int {
    guard let model, !policy.models.isEmpty else { return policy.timeToLive }
    return policy.models.first { $0.pattern.matches(model) }?.timeToLive ?? policy.timeToLive
  }

  /// Where a request is silent its temperature is 1, the default that the APIs document. One that is no number is too
  /// hot: nobody knows what the upstream makes of it. Embeddings have none.
  private static func isCoolEnough(_ question: Question, _ policy: CachePolicy) -> Bool {
    guard let bound = policy.maximumTemperature, question.endpoint != .embeddings else { return true }
    guard let text = question.temperature, text != "null" else { return 1 <= bound }
    guard let temperature = Double(text) else { return false }
    return temperature <= bound
  }
}
