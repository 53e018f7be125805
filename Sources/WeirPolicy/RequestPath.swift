public import WeirWire

/// The way of a request through weir, top to bottom. All branching of the way is in this file; each step sits in a
/// file named after it. The caller waits between the lines (for the body, for the upstream, for the reply's end) and
/// carries out what they decide; nothing here does I/O, reads a clock or draws a random number.
public enum RequestPath {
  /// The head has arrived: where does it go, and who asks?
  ///
  /// - Parameter now: nanoseconds of a monotonic clock, as in every step.
  public static func open(
    _ head: RequestHead, requestID: String, policy: PolicySnapshot, now: Int64
  ) -> (Exchange, Refusal?) {
    var exchange = Exchange(requestID: requestID, receivedAt: now, method: head.method)
    do throws(Refusal) {
      exchange.target = try RequestTarget.read(method: head.method, target: head.target)
      exchange.client = try policy.clients.identify(authorization: head.authorization, apiKey: head.apiKey)
    } catch {
      return (exchange, error)
    }
    return (exchange, nil)
  }

  /// The bytes that arrived are not a request: there is nothing to decide, only something to record.
  public static func openUnreadable(requestID: String, now: Int64) -> Exchange {
    Exchange(requestID: requestID, receivedAt: now, method: "-")
  }

  /// The body of a JSON API is whole: what is asked of the upstream?
  ///
  /// - Parameters:
  ///   - envelope: of the body, made with `policy.bodyRules.memberNames`.
  ///   - random: decides for requests that belong to nobody.
  ///   - memberText: the body's text at a range of the envelope; asked only where the model has rules for bodies.
  /// - Throws: the `Refusal` that the client gets instead of an answer.
  public static func admit(
    _ exchange: inout Exchange, head: RequestHead, envelope: Envelope, policy: PolicySnapshot, random: UInt64,
    now: Int64, memberText: (Range<Int>) -> String
  ) throws(Refusal) {
    exchange.admittedAt = now
    exchange.isStream = envelope.isStream
    exchange.user = UserIdentity.find(head, envelope)
    exchange.askedModel = try ReadModel.read(envelope, endpoint: exchange.endpoint)
    let bodyBytes = envelope.objectEnd - envelope.objectStart
    exchange.model = try RouteByTask.choose(exchange.askedModel, head: head, bodyBytes: bodyBytes, policy: policy)
    if exchange.model == nil { exchange.model = try AuthorizeModel.authorize(exchange.askedModel, policy: policy) }
    AssignVariant.assign(&exchange, head: head, policy: policy, random: random)
    RouteByTask.relieve(&exchange, bodyBytes: bodyBytes, policy: policy)
    try DivertKimi.divert(&exchange, policy: policy)
    try EditBody.edit(&exchange, envelope: envelope, policy: policy, memberText: memberText)
  }

  /// A request whose body weir does not read goes as it is.
  public static func admitUnread(_ exchange: inout Exchange, head: RequestHead, now: Int64) {
    exchange.admittedAt = now
    exchange.user = UserIdentity.find(head, nil)
  }

  /// A request goes upstream.
  public static func beginAttempt(_ exchange: inout Exchange, upstream: String, now: Int64) {
    exchange.attempts += 1
    exchange.upstream = upstream
    exchange.sentAt = now
  }

  /// The upstream answered or failed: what does the client get?
  public static func afterAttempt(
    _ exchange: inout Exchange, outcome: AttemptOutcome, now: Int64
  ) -> NextStep {
    let step = JudgeAttempt.judge(outcome)
    if case .reply(let status) = outcome {
      exchange.repliedAt = now
      exchange.status = status
    }
    return step
  }

  /// weir answers itself, or ends a reply that it had begun to relay.
  public static func refuse(_ exchange: inout Exchange, _ refusal: Refusal) {
    exchange.refusal = refusal
    if exchange.repliedAt == nil { exchange.status = refusal.status }
  }

  /// It is over: the record is complete.
  public static func settle(_ exchange: inout Exchange, ending: Ending, reading: ReplyReading?, now: Int64) {
    exchange.ending = ending
    exchange.reading = reading
    exchange.endedAt = now
  }
}
