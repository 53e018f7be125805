import NIOCore
import NIOHTTP1
import WeirPolicy
import WeirStore
import WeirUpstream
import WeirWire

// One attempt after the other, until a reply is relayed or nothing is left to try. While another attempt is possible,
// a reply is held back until it is known to be one.
extension LiveExchange {
  /// A reply's bytes that may wait for a verdict.
  private static let maximumHeldBytes = 64 * 1024
  /// How long a reply may wait for a verdict: comments that keep a client's connection alive come this much later.
  private static let longestHold: Int64 = 15_000_000_000

  /// Sends the request to the first target that takes it, from this place of the plan on.
  func attempt(from index: Int) {
    guard !isOver else { return }
    do throws(Refusal) {
      let index = try RequestPath.beginAttempt(
        exchange, from: index, shared: loop.state.shared, now: loop.now, readying: aim)
      logCircuitChange()
      send(to: snapshot.upstreams[exchange.plan.targets[index].upstream])
    } catch {
      logCircuitChange()
      if kept != nil { relayKept() } else if !answersModelsAlone(error) { refuse(error) }
    }
  }

  /// The request goes to another target than the one that its body was made for.
  private func aim(at index: Int) throws(Refusal) {
    guard let envelope else { return }
    try RequestPath.aim(exchange, at: index, envelope: envelope, policy: snapshot.policy, memberText: bodyText)
    try RequestPath.reprice(
      exchange, lease: &lease, envelope: envelope, policy: snapshot.policy, wall: WallClock.wholeSeconds(),
      memberText: bodyText)
    outgoing = editedBody()
    if let bodyCopy, case .whole(let body) = outgoing { bodyCopy.take(prompt: body) }
  }

  private func send(to upstream: UpstreamRuntime) {
    let url = exchange.target.map { upstream.url(of: $0) }
    guard let url, let transfer = loop.engine.prepare(for: url) else {
      refuse(
        Refusal(.overloaded, "weir has no memory for the upstream request", remedy: "Try again.", retryAfterSeconds: 1))
      return
    }
    UpstreamHead.write(
      request, fields: fields, endpoint: exchange.endpoint, bodyWasInflated: bodyWasInflated,
      readsReply: modelList != nil, editsReply: exchange.editsReply, upstream: upstream,
      credentials: UpstreamHead.Credentials(
        own: snapshot.credentials(of: exchange, to: upstream), clients: snapshot.policy.clients),
      into: transfer.headers)
    self.transfer = transfer
    transfer.begin(
      method: fields.head.method, url: url, body: outgoing,
      timeouts: timeouts(of: upstream), expectsStream: exchange.isStream, receiver: self)
  }

  /// The upstream's, and no longer than what is left of the time for the whole request.
  private func timeouts(of upstream: UpstreamRuntime) -> PhaseTimeouts {
    var timeouts = upstream.timeouts
    timeouts.total = max(timeLeft(of: upstream), 1_000_000)
    return timeouts
  }

  private func timeLeft(of upstream: UpstreamRuntime) -> Int64 {
    let now = loop.now
    let left = upstream.timeouts.total - (now - (exchange.firstSentAt ?? now))
    return min(left, exchange.deadline.map { $0 - now } ?? .max)
  }

  /// Nanoseconds of the time that the whole request may take.
  private var timeLeft: Int64 {
    guard let target = exchange.plan.target(exchange.targetIndex) else { return 0 }
    return timeLeft(of: snapshot.upstreams[target.upstream])
  }

  /// Whether the request can be sent again: its body is there whole, and it either asks a JSON API or changes nothing.
  var isReplayable: Bool {
    guard modelList == nil else { return false }
    return exchange.endpoint.readsBody || (!fields.hasBody && ["GET", "HEAD"].contains(request.method))
  }

  /// Whether a reply with this status waits until it is known to be one.
  func holdsBack(status: Int) -> Bool {
    if reply.edit?.waits == true { return true }
    guard isReplayable, exchange.endpoint.readsBody || status >= 400 else { return false }
    return RequestPath.mayTryAgain(exchange, policy: snapshot.policy)
  }

  /// Whether what has come so far still waits. Once it does not, the head is on its way.
  func keepsHolding() -> Bool {
    guard let head = reply.held else { return false }
    measurePending()
    let status = exchange.status ?? 0
    if reply.edit?.isWhole == true {
      holdWhole()
      _ = stopsReply()
      return true
    }
    if head.isEventStream, status < 300 {
      if reply.meter?.sawContent == true {
        letGo(head, status: status)
        return false
      }
      if let error = reply.meter?.error {
        judge(AttemptReport(exchange, error: error, retryAfter: nil))
        return reply.held != nil || !reply.hasBegun
      }
    }
    guard reply.batchBytes > Self.maximumHeldBytes else { return true }
    letGo(head, status: status)
    return false
  }

  /// Looked at now and then: nobody waits for a verdict for ever, or for a client that takes nothing.
  func checkHold(now: Int64) {
    checkPace(now: now)
    guard let head = reply.held, let repliedAt = exchange.repliedAt, now - repliedAt >= Self.longestHold,
      reply.edit?.isWhole != true
    else { return }
    letGo(head, status: exchange.status ?? 0)
    transferBatchEnded()
  }

  private func letGo(_ head: ReplyHead, status: Int) {
    reply.held = nil
    beginRelay(head, status: status)
  }

  /// The transfer is over and the client has nothing of the reply.
  func heldReplyEnded(_ head: ReplyHead, failure: TransferFailure?) {
    measurePending()
    reply.meter?.finish()
    if let failure {
      judge(AttemptReport(exchange, failure: failure))
    } else if let reason = missingEnd(isEventStream: head.isEventStream) {
      judge(AttemptReport(exchange, failure: TransferFailure(kind: .brokenReply, reason: reason)))
    } else {
      let error = reply.meter?.error
      // Only a failure can ask for a wait: no other reply's fields are looked through for one.
      let isFailure = exchange.status ?? 0 >= 400 || error != nil
      let wait = isFailure ? head.retryDelay(wall: WallClock.wholeSeconds()) : nil
      judge(
        AttemptReport(
          exchange, error: error, retryAfter: wait, mustNotRetry: isFailure && head.saysNotToRetry))
    }
  }

  /// No head came.
  func attemptFailed(_ failure: TransferFailure) {
    judge(AttemptReport(exchange, failure: failure))
  }

  private func judge(_ report: AttemptReport) {
    let step = RequestPath.afterAttempt(
      exchange, report: report, isReplayable: isReplayable, policy: snapshot.policy, shared: loop.state.shared,
      hasReply: kept != nil, timeLeft: timeLeft, random: loop.random(), now: loop.now)
    logCircuitChange()
    switch step {
    case .relay:
      guard report.isWholeReply, let head = reply.held else { return relayKept() }
      letGo(head, status: exchange.status ?? 0)
      if transfer == nil { replyEnded() }
    case .retry(let after):
      keepReply(report)
      forgetReply()
      let index = exchange.targetIndex
      // Held until then: a client that has left for good holds it no longer, and others may follow it.
      backOff = loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(after)) {
        self.backOff = nil
        self.attempt(from: index)
      }
    case .fallBack(let index):
      keepReply(report)
      forgetReply()
      attempt(from: index)
    case .refuse(let refusal):
      forgetReply()
      refuse(refusal)
    }
  }

  /// A whole error reply is what the client gets where no later attempt brings any.
  private func keepReply(_ report: AttemptReport) {
    guard report.isWholeReply, transfer == nil, let head = reply.held, let status = exchange.status else { return }
    kept = KeptReply(
      head: head, status: status, body: reply.batch, bodyBytes: reply.batchBytes, attempt: EarlierAttempt(exchange),
      prompt: bodyCopy?.prompt)
  }

  private func relayKept() {
    guard let last = kept else { return }
    kept = nil
    forgetReply()
    RequestPath.returns(exchange, to: last.attempt, now: loop.now)
    if let prompt = last.prompt { bodyCopy?.prompt = prompt }
    beginRelay(last.head, status: last.status)
    reply.batch = last.body
    reply.batchBytes = last.bodyBytes
    relayBatch(isLast: true)
    reply.meter?.finish()
    finish(.complete)
  }

  /// What the attempt brought, and may still bring, goes nowhere.
  private func forgetReply() {
    if let transfer {
      transfer.cancel()
      self.transfer = nil
      recordTransfer(reusedConnection: nil, isWhole: false)
    }
    loop.state.bufferedBytes.giveBack(reply.meteredBytes)
    giveBackKept()
    exchange.replaceReplyEdits()
    reply = ReplyRelay()
  }

  /// The reply of the attempt goes to the client, and is over.
  func attemptEnded(_ report: AttemptReport) {
    RequestPath.attemptEnded(
      exchange, report: report, policy: snapshot.policy, shared: loop.state.shared, now: loop.now)
    logCircuitChange()
  }

  /// Each opening and closing is a line in the log, since somebody will ask when it was.
  func logCircuitChange() {
    if let change = exchange.takeCircuitChange() { loop.state.log(change) }
  }
}

extension AttemptReport {
  /// A reply that is whole, or whole so far.
  init(_ exchange: Exchange, error: ReplyError?, retryAfter: Int64?, mustNotRetry: Bool = false) {
    self.init(
      status: exchange.status, error: error, retryAfter: retryAfter, mustNotRetry: mustNotRetry,
      toHead: exchange.timeToHead)
  }

  /// No reply, or no more of it.
  init(_ exchange: Exchange, failure: TransferFailure) {
    self.init(
      status: exchange.repliedAt == nil ? nil : exchange.status, fault: UpstreamFault(failure.kind),
      reason: failure.reason, toHead: exchange.timeToHead,
      isClientDeadline: failure.kind == .totalTimeout && exchange.deadline != nil)
  }
}

extension Exchange {
  /// Nanoseconds from sending to the head of the reply.
  fileprivate var timeToHead: Int64? { repliedAt.map { $0 - (sentAt ?? $0) } }
}

/// A reply that was not the last word, until there is one; in memory of its own, since it is large and few exchanges have
/// one.
final class KeptReply {
  let head: ReplyHead
  let status: Int
  let body: ByteBuffer?
  let bodyBytes: Int
  /// What the client is told of that attempt.
  let attempt: EarlierAttempt
  /// What the ledger keeps of what was sent with it, where it keeps that.
  let prompt: LedgerBodies.Body?

  init(
    head: ReplyHead, status: Int, body: ByteBuffer?, bodyBytes: Int, attempt: EarlierAttempt,
    prompt: LedgerBodies.Body?
  ) {
    self.head = head
    self.status = status
    self.body = body
    self.bodyBytes = bodyBytes
    self.attempt = attempt
    self.prompt = prompt
  }
}
