public import WeirWire

/// The way of a request through weir, top to bottom. All branching of the way is in this file; each step sits in a
/// file named after it. The caller waits between the lines (for the body, for the upstream, for the reply's end) and
/// carries out what they decide; nothing here does I/O, reads a clock or draws a random number.
public enum RequestPath {
  /// The head has arrived: where does it go, and who asks?
  ///
  /// - Parameters:
  ///   - now: nanoseconds of a monotonic clock, as in every step.
  ///   - wall: seconds since 1970; asked only for a client whose keys expire.
  public static func open(
    _ head: RequestHead, requestID: String, policy: PolicySnapshot, now: Int64, wall: @autoclosure () -> Int64
  ) -> (Exchange, Refusal?) {
    let exchange = Exchange(requestID: requestID, receivedAt: now, method: head.method)
    exchange.trace = head.trace
    do throws(Refusal) {
      exchange.target = try RequestTarget.read(method: head.method, target: head.target)
      try AuthorizeClient.authorize(exchange, head: head, policy: policy, wall: wall)
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
  ///   - wall: seconds since 1970, for budgets.
  ///   - threadTime: nanoseconds that the thread has worked, which bounds what screening may take.
  ///   - census: what the body is made of; asked only where a limit or budget looks at tokens.
  ///   - memberText: the body's text at a range of the envelope; asked only for the few members that decide something.
  /// - Returns: what the request holds of limits and budgets, to be settled with it.
  /// - Throws: the `Refusal` that the client gets instead of an answer.
  public static func admit(
    _ exchange: Exchange, head: RequestHead, envelope: Envelope, policy: PolicySnapshot, shared: SharedPolicy,
    random: UInt64, now: Int64, wall: Int64, threadTime: @escaping () -> Int64, census: () -> BodyCensus,
    memberText: (Range<Int>) -> String
  ) throws(Refusal) -> LimitLease {
    exchange.admittedAt = now
    exchange.deadline = try ReadDeadline.read(head, now: now)
    exchange.isStream = envelope.isStream
    exchange.user = UserIdentity.find(head, envelope)
    exchange.askedModel = try ReadModel.read(envelope, endpoint: exchange.endpoint)
    try AuthorizeModel.authorizeStored(exchange, envelope: envelope, policy: policy)
    let bodyBytes = envelope.objectEnd - envelope.objectStart
    exchange.model = try RouteByTask.choose(
      exchange.askedModel, for: exchange.profile, head: head, bodyBytes: bodyBytes, policy: policy)
    if exchange.model == nil {
      exchange.model = try AuthorizeModel.authorize(exchange.askedModel, for: exchange.profile, policy: policy)
    }
    AssignVariant.assign(exchange, head: head, policy: policy, random: random)
    RouteByTask.relieve(exchange, bodyBytes: bodyBytes, policy: policy)
    try DivertKimi.divert(exchange, policy: policy)
    exchange.plan = PlanAttempts.plan(exchange.model, for: exchange.profile, policy: policy)
    try ScreenRequest.screen(
      exchange, envelope: envelope, policy: policy, census: census, threadTime: threadTime, memberText: memberText)
    try aim(exchange, at: 0, envelope: envelope, policy: policy, memberText: memberText)
    let screened = exchange.screening
    let lease = try ReserveLimits.reserve(
      exchange, envelope: envelope, policy: policy, shared: shared, now: now, wall: wall,
      census: { screened?.census(of: census()) ?? census() }, memberText: memberText)
    CapOutput.cap(exchange, envelope: envelope, rules: policy.bodyRules.rules(for: exchange.model)?.parameters ?? [])
    exchange.cacheDecision = try LookUpCache.decide(
      exchange, head: head, envelope: envelope, policy: policy, memberText: memberText)
    return lease
  }

  /// A request whose body weir does not read goes as it is.
  public static func admitUnread(
    _ exchange: Exchange, head: RequestHead, policy: PolicySnapshot, shared: SharedPolicy, now: Int64, wall: Int64
  ) throws(Refusal) -> LimitLease {
    exchange.admittedAt = now
    exchange.deadline = try ReadDeadline.read(head, now: now)
    exchange.user = UserIdentity.find(head, nil)
    exchange.plan = PlanAttempts.plan(nil, for: exchange.profile, policy: policy)
    try ScreenRequest.screenUnread(exchange, head: head, policy: policy)
    // A model picker asks for the list again and again.
    guard exchange.endpoint != .models else { return LimitLease() }
    return try ReserveLimits.reserve(
      exchange, envelope: nil, policy: policy, shared: shared, now: now, wall: wall,
      census: { BodyCensus(plainBytes: 0) },
      memberText: { _ in "" })
  }

  /// The request holds what it needs of this sidecar's limits and budgets; where these are shared, all sidecars' count.
  ///
  /// - Parameter isUp: whether the store that they share takes calls.
  /// - Throws: the refusal that the client gets; nothing is held then.
  public static func askFleet(
    _ exchange: Exchange, lease: inout LimitLease?, isUp: Bool, now: Int64, wall: Int64
  ) throws(Refusal) -> FleetStep {
    try AskFleet.ask(exchange, lease: &lease, isUp: isUp, now: now, wall: wall)
  }

  /// The store has answered what `askFleet` asked, or has not.
  public static func fleetAnswered(
    _ exchange: Exchange, _ answer: FleetAnswer, lease: inout LimitLease?, now: Int64, wall: Int64
  ) throws(Refusal) {
    try AskFleet.take(answer, exchange, lease: &lease, now: now, wall: wall)
  }

  /// The request goes to another target than the last: what is its body to be?
  public static func aim(
    _ exchange: Exchange, at index: Int, envelope: Envelope, policy: PolicySnapshot,
    memberText: (Range<Int>) -> String
  ) throws(Refusal) {
    AimAtTarget.aim(exchange, at: index)
    try EditBody.edit(exchange, envelope: envelope, policy: policy, memberText: memberText)
  }

  /// The model that the request goes to now may cost more than the one before, and take another output bound or none.
  ///
  /// - Throws: the refusal where a hard budget does not allow it.
  public static func reprice(
    _ exchange: Exchange, lease: inout LimitLease?, envelope: Envelope, policy: PolicySnapshot, wall: Int64,
    memberText: (Range<Int>) -> String
  ) throws(Refusal) {
    try ReserveLimits.reserveAnew(
      exchange, lease: &lease, envelope: envelope, policy: policy, wall: wall, memberText: memberText)
    CapOutput.cap(exchange, envelope: envelope, rules: policy.bodyRules.rules(for: exchange.model)?.parameters ?? [])
  }

  /// A request goes upstream: to which of its targets?
  ///
  /// - Parameters:
  ///   - index: the first place in the plan that is asked.
  ///   - readying: makes the request ready for its place in the plan, where that is not the one that its body was made
  ///     for. Where it throws, nothing is sent, and the record tells of the attempt before.
  /// - Returns: the place in the plan.
  /// - Throws: the refusal where no target takes requests, and what `readying` throws.
  public static func beginAttempt(
    _ exchange: Exchange, from index: Int, shared: SharedPolicy, now: Int64,
    readying: (Int) throws(Refusal) -> Void = { _ throws(Refusal) in }
  ) throws(Refusal) -> Int {
    let place = try ChooseTarget.choose(exchange, from: index, shared: shared, now: now)
    if exchange.aim ?? place != place {
      let earlier = EarlierAttempt(exchange)
      do throws(Refusal) { try readying(place) } catch {
        RecordAttempt.withdraw(exchange, at: place, shared: shared)
        earlier.restore(exchange)
        throw error
      }
    }
    exchange.attempts += 1
    exchange.upstream = exchange.plan.target(place)?.key.upstream
    exchange.firstSentAt = exchange.firstSentAt ?? now
    exchange.sentAt = now
    exchange.repliedAt = nil
    exchange.repliesAsStream = nil
    exchange.status = nil
    return place
  }

  /// The head of a reply has arrived.
  ///
  /// - Parameter isEventStream: what the reply says of itself; nil where nobody looks.
  public static func replied(_ exchange: Exchange, status: Int, isEventStream: Bool? = nil, now: Int64) {
    exchange.repliedAt = now
    exchange.repliesAsStream = isEventStream
    exchange.status = status
  }

  /// The client gets an earlier attempt's reply after all: the record tells of that one.
  public static func returns(_ exchange: Exchange, to earlier: EarlierAttempt, now: Int64) {
    exchange.repliedAt = now
    earlier.restore(exchange)
  }

  /// The upstream answered or failed, and the client has nothing of it yet: what does the client get?
  ///
  /// - Parameters:
  ///   - isReplayable: whether the request can be sent again.
  ///   - hasReply: whether an earlier attempt's whole reply is kept.
  ///   - timeLeft: nanoseconds of the time that the whole request may take.
  public static func afterAttempt(
    _ exchange: Exchange, report: AttemptReport, isReplayable: Bool, policy: PolicySnapshot,
    shared: SharedPolicy, hasReply: Bool = false, timeLeft: Int64, random: UInt64, now: Int64
  ) -> NextStep {
    RecordAttempt.record(exchange, report: report, policy: policy, shared: shared, now: now)
    let state = AttemptState(
      plan: exchange.plan, target: exchange.targetIndex, retries: exchange.retries, hasReply: hasReply)
    let step = JudgeAttempt.next(
      report: report, state: state, policy: policy, book: shared.attempts, canReplay: isReplayable, now: now,
      timeLeft: timeLeft, random: random)
    NoteStep.note(step, failure: AttemptFailure.of(report), in: exchange)
    return step
  }

  /// Whether another attempt could follow the one at hand: while it could, a reply waits until it is known to be one.
  public static func mayTryAgain(_ exchange: Exchange, policy: PolicySnapshot) -> Bool {
    guard let target = exchange.plan.target(exchange.targetIndex) else { return false }
    return exchange.targetIndex + 1 < exchange.plan.targets.count
      || exchange.retries < policy.retry(for: target).retries
  }

  /// The client gets output of the attempt at hand.
  public static func relays(_ exchange: Exchange, shared: SharedPolicy, now: Int64) {
    RecordAttempt.probeWorks(exchange, shared: shared, now: now)
  }

  /// The reply of the attempt at hand went to the client, and is over.
  public static func attemptEnded(
    _ exchange: Exchange, report: AttemptReport, policy: PolicySnapshot, shared: SharedPolicy, now: Int64
  ) {
    RecordAttempt.record(exchange, report: report, policy: policy, shared: shared, now: now)
  }

  /// The client left, or weir answers without waiting for the upstream: the attempt tells nothing of it.
  public static func abandonAttempt(_ exchange: Exchange, shared: SharedPolicy, now: Int64) {
    RecordAttempt.abandon(exchange, shared: shared, now: now)
  }

  /// weir answers itself, or ends a reply that it had begun to relay.
  ///
  /// - Parameter hasBegun: whether the client has the head of a reply.
  public static func refuse(_ exchange: Exchange, _ refusal: Refusal, hasBegun: Bool = false) {
    exchange.refusal = refusal
    if !hasBegun { exchange.status = refusal.status }
  }

  /// It is over: the record is complete.
  ///
  /// - Parameters:
  ///   - lease: what `admit` took; nil where it took nothing.
  ///   - wall: seconds since 1970.
  ///   - census: what the body is made of, if it is still there; asked only where the usage has to be estimated.
  public static func settle(
    _ exchange: Exchange, ending: Ending, reading: ReplyReading?, lease: consuming LimitLease?,
    policy: PolicySnapshot, now: Int64, wall: Int64, census: () -> BodyCensus? = { nil }
  ) {
    exchange.ending = ending
    exchange.reading = reading
    exchange.endedAt = now
    exchange.metered = MeterUsage.meter(exchange, census: census)
    exchange.cost = PriceReply.price(exchange, metered: exchange.metered, policy: policy)
    if let reply = exchange.kept, let kept = PriceReply.price(exchange, reply, policy: policy) {
      exchange.savedUSD = kept.usd
      exchange.cost = Cost(usd: 0, source: .none, baselineUSD: kept.baselineUSD)
    }
    SettleLimits.settle(exchange, lease: lease, now: now, wall: wall)
  }
}
