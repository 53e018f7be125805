import Dispatch
import NIOCore
import NIOHTTP1
import WeirPolicy
import WeirUpstream
import WeirWire

// What a request has to do with the cache: it is answered from there, follows an identical one that is under way, or
// leads, so that others may follow it and its reply may be kept.
extension LiveExchange {
  /// Whether the request is answered without the upstream; else notes the place of its reply.
  ///
  /// - Parameter body: as it goes to the first target.
  func answersFromCache(_ body: ByteBuffer) throws(Refusal) -> Bool {
    guard case .use(let use) = exchange.cacheDecision else { return false }
    let cache = loop.state.shared.cache
    let key = key(of: body)
    let now = loop.now
    if use.mayRead, let key, let kept = cache.find(key, maximumAgeSeconds: use.maximumAgeSeconds, now: now) {
      answer(kept, now: now)
      return true
    }
    if use.onlyIfCached {
      if let key, asksFleet(key, use, mayLead: false) { return true }
      throw LookUpCache.notKept
    }
    guard let key else { return false }
    exchange.answered(from: .miss)
    cacheKey = key
    // Who wants an answer by a certain time of its own neither waits for others nor lets them wait for it.
    guard use.mayRead, snapshot.policy.cache.coalesces, exchange.deadline == nil else {
      leader = loop.state.inFlightReplies.alone(key, on: loop.eventLoop)
      return asksFleet(key, use, mayLead: false)
    }
    return enter(key, use, now: now)
  }

  private func enter(_ key: CacheKey, _ use: CacheUse, now: Int64) -> Bool {
    let loop = loop
    let own = SharingPlace(self)
    sharingPlace = own
    let place = loop.state.inFlightReplies.enter(key, own, on: loop.eventLoop) {
      loop.state.shared.cache.find(key, maximumAgeSeconds: use.maximumAgeSeconds, looksAgain: true, now: now)
    }
    switch place {
    case .kept(let kept): answer(kept, now: now)
    case .follower(let follower):
      exchange.follows(since: now)
      self.follower = follower
    case .leader(let leader):
      self.leader = leader
      return asksFleet(key, use, mayLead: true)
    }
    return true
  }

  /// Nil when there is no memory to make it.
  private func key(of body: ByteBuffer) -> CacheKey? {
    guard let target = exchange.target else { return nil }
    let policy = snapshot.policy.cache
    // Those of the model at hand: a fallback's reply has the key that a request for that model itself has.
    let model = exchange.model?.upstreamID
    var upstreams: [String] = []
    var credentials: [String] = []
    for target in exchange.plan.targets {
      if target.model?.upstreamID == model { upstreams.append(snapshot.upstreams[target.upstream].identity) }
      if credentials.isEmpty, snapshot.credentials(of: exchange, to: snapshot.upstreams[target.upstream]) != .none {
        credentials = [fields.head.authorization ?? "", fields.head.apiKey ?? ""]
      }
    }
    if !fields.otherCredentials.isEmpty { credentials += fields.otherCredentials }
    var telling = fields.variants
    if fields.hasPlainField { telling += TellingFields.of(request) }
    let tenant = TenantKey(
      client: exchange.client, tenant: exchange.profile?.tenant, credentials: credentials, policy: policy)
    loop.keyParts.lay(
      out: tenant, upstreams: upstreams, method: fields.head.method, path: target.rest,
      query: target.query.isEmpty ? nil : target.query,
      acceptEncoding: fields.acceptEncoding.map { AcceptEncoding.reduced($0) ?? $0 },
      fields: telling, replyEdits: exchange.replyFingerprint)
    let loop = loop
    return unsafe body.withUnsafeReadableBytes { bytes in
      unsafe loop.canonical.write(bytes) { unsafe CacheKey(loop.keyParts, canonicalBody: $0) }
    }
  }

  // MARK: A kept reply

  func answer(_ kept: StoredReply, now: Int64) {
    guard let body = kept.isHeldCompressed && acceptsGzip ? kept.body : kept.bodyBytes() else {
      attempt(from: 0)
      return
    }
    exchange.answered(from: .hit)
    let status = kept.description.status
    exchange.takes(
      status: status, model: kept.description.model, upstream: kept.description.upstream, kept: kept, now: now)
    exchange.replaceReplyEdits(kept.description.edits)
    var fields: [(name: String, value: String)] = [("age", String(kept.age(now: now)))]
    if kept.isHeldCompressed, acceptsGzip { fields += [("content-encoding", "gzip"), ("vary", "accept-encoding")] }
    guard body.count > Self.oneWriteBytes || !connection.isWritable else {
      answerAtOnce(body, status: status, lines: kept.head, fields: fields)
      return
    }
    var buffer = connection.allocator.buffer(capacity: body.count)
    buffer.writeBytes(body)
    answer(buffer, status: status, lines: ByteBuffer(bytes: kept.head), fields: fields)
  }

  /// A body up to this size is copied behind its head, so that both leave in one write.
  private static let oneWriteBytes = 16 * 1024

  private func answerAtOnce(
    _ body: [UInt8], status: Int, lines: [UInt8], fields own: [(name: String, value: String)]
  ) {
    exchange.answered(status: status)
    reply.framing = .sized
    reply.hasBegun = true
    var whole = ReplyHeadWriter.document(
      lines: lines, status: status, fields: own, bodyBytes: body.count, upstreamRequestID: nil, exchange: exchange,
      ownRequestID: fields.requestID == nil, keepAlive: promiseMore(), isHTTP10: isHTTP10, room: body.count,
      allocator: connection.allocator)
    let headBytes = whole.readableBytes
    whole.writeBytes(body)
    sizes.sent += whole.readableBytes
    if let bodyCopy, let part = whole.getSlice(at: whole.readerIndex + headBytes, length: body.count) {
      bodyCopy.take(reply: part, count: body.count)
    }
    connection.write(whole)
    finish(.complete)
  }

  private var acceptsGzip: Bool { AcceptEncoding.allowsGzip(fields.acceptEncoding) }

  // MARK: Leading

  /// Whether others wait for this request's reply.
  var hasFollowers: Bool { (leader?.followerCount ?? 0) > 0 }

  /// Nobody waits for bytes that go nowhere.
  var isWritable: Bool { detached != nil || connection.isWritable }

  /// The head goes to the client, and to all that follow.
  func lead(_ head: ReplyHead, status: Int) {
    guard let leader else { return }
    let shared = SharedHead(
      status: status, lines: KeptLines.of(head.lines), isEventStream: head.isEventStream,
      contentLength: head.contentLength, contentEncoding: head.contentEncoding, model: exchange.sentModel,
      upstream: exchange.upstream ?? "", fallback: exchange.modelFallenBackTo,
      edits: exchange.replyEdits)
    reply.sharedHead = shared
    leader.begin(shared)
  }

  /// The client is gone: does its request go on for others?
  func detach(_ phase: ClientPhase) -> Bool {
    guard detached == nil, let leader, leader.clientLeft() else { return false }
    leave(phase)
    // Leaving lets the transfer go on, which may have been all that it waited for.
    if !isOver { loop.detached[ObjectIdentifier(self)] = self }
    return true
  }

  /// The exchange goes on without its client.
  func leave(_ phase: ClientPhase) {
    detached = phase
    giveBackKept()
    unpace()
    connection.leave(self)
  }

  /// The last follower left, and the client had left before.
  func abandoned() {
    guard !isOver else { return }
    if reply.hasBegun, streamSaidEnd { endWithClient() } else { giveUp() }
  }

  /// The transfer goes on for nobody.
  func giveUp() {
    guard !isOver else { return }
    giveUpTransfer()
    finish(.clientLeft(detached ?? .reply))
  }

  /// The reply is over: it may be kept, and its followers are told.
  func endSharing(_ ending: Ending) {
    defer { endErrand(ending) }
    sharingPlace?.exchange = nil
    sharingPlace = nil
    follower?.leave()
    follower = nil
    guard let leader else { return }
    self.leader = nil
    if ending == .complete, exchange.refusal == nil { keep(leader) }
    switch (ending, exchange.refusal) {
    case (.complete, let refusal?) where refusal.limit != nil: leader.end(.refusedClient(exchange.client, refusal))
    case (.complete, let refusal?): leader.end(.refused(refusal))
    case (.complete, nil): leader.end(.complete)
    case (_, let refusal): leader.end(.broken(refusal ?? JudgeAttempt.broken("the request that led it was given up")))
    }
  }

  private func keep(_ leader: Leader) {
    let reading = reply.meter?.reading
    guard let key = cacheKeyOfAnswer, case .use(let use) = exchange.cacheDecision, let status = exchange.status,
      !reply.isUnreadable, KeepReply.mayKeep(status: status, ending: .complete, reading: reading), let reading,
      let body = leader.wholeBody, let head = reply.sharedHead
    else { return }
    let now = loop.now
    let stored = StoredReply(
      StoredReply.Description(
        status: status, contentEncoding: head.contentEncoding, isEventStream: head.isEventStream,
        model: exchange.sentModel, upstream: exchange.upstream ?? "", reading: reading, edits: head.edits,
        storedAt: now),
      head: head.lines, body: body)
    let cache = loop.state.shared.cache
    cache.keep(stored, for: key, timeToLiveSeconds: use.timeToLiveSeconds, now: now)
    let compressFrom = snapshot.policy.cache.compressFrom
    let isLarge = compressFrom > 0 && body.count >= compressFrom
    if keepsInFleet(stored, for: key, use, isLarge: isLarge) { return }
    guard isLarge else { return }
    loop.state.compressor.async {
      let compressed = stored.compressed()
      if compressed.isHeldCompressed {
        cache.keep(compressed, for: key, timeToLiveSeconds: use.timeToLiveSeconds, now: now)
      }
    }
  }

  /// A reply of another model than the one that the key was made for is kept under what was sent to that model.
  private var cacheKeyOfAnswer: CacheKey? {
    guard exchange.aim ?? 0 != 0 else { return cacheKey }
    switch outgoing {
    case .whole(let body): return key(of: body)
    case .none, .parts, .streaming: return nil
    }
  }

  /// What the hub holds of an exchange, until that is over. Not a weak reference: those slow down every count of
  /// references to what they refer to. Other threads hold it and let it go; the exchange is touched on its event loop
  /// only, and gone before the last of them lets go.
  final class SharingPlace: SharingMember, @unchecked Sendable {
    private let loop: any EventLoop
    fileprivate var exchange: LiveExchange?

    init(_ exchange: LiveExchange) {
      loop = exchange.loop.eventLoop
      self.exchange = exchange
    }

    func wake() {
      loop.preconditionInEventLoop()
      exchange?.followOn()
    }

    func abandoned() {
      loop.preconditionInEventLoop()
      exchange?.abandoned()
    }

    func followersCaughtUp() {
      loop.preconditionInEventLoop()
      exchange?.followersCaughtUp()
    }
  }

  /// What the fleet's cache holds must not keep an exchange that is over.
  final class Weak {
    weak var exchange: LiveExchange?
    init(_ exchange: LiveExchange) { self.exchange = exchange }
  }
}
