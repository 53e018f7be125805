import NIOCore
import NIOHTTP1
import WeirConfiguration
import WeirPolicy
import WeirUpstream
import WeirWire

/// Carries out one exchange: feeds the client's request to `RequestPath`, what that decides to the upstream, and the
/// upstream's reply to the client. Lives on its connection's event loop.
///
/// Split by direction: this file takes the request, `LiveExchange+Reply.swift` relays the reply,
/// `LiveExchange+Ending.swift` answers for weir itself and ends the exchange.
final class LiveExchange {
  /// What happens to the request's body.
  enum BodyUse {
    /// None is left to come.
    case none
    /// It is collected, then read.
    case collect
    /// It is small: collected, and sent whole without being read.
    case gather
    /// It goes upstream part by part.
    case stream
    /// It is thrown away, then the client is refused.
    indirect case discard(Refusal)
  }

  let connection: ConnectionHandler
  let loop: LoopContext
  let snapshot: RuntimeSnapshot
  let request: ClientHead
  let fields: RequestFields
  /// Whether the reply goes without its body.
  let isHead: Bool
  let exchange: Exchange
  var bodyUse = BodyUse.none
  private var sawEnd = false
  var transfer: (any Transfer)?
  var sizes = AccessLog.Sizes()
  var reply = ReplyRelay()
  /// Collects the reply where it is the model list, and holds on to the bound until that is sent.
  var modelList: ModelListCollection?
  /// What is left to send of a document that weir answers with.
  var document: ByteBuffer?
  var isOver = false
  /// The reply's key in the cache, where it has one.
  var cacheKey: CacheKey?
  /// The place of a request that others follow, or whose reply is to be kept.
  var leader: Leader?
  /// The place of a request that follows another.
  var follower: Follower?
  /// What the request has under way with the fleet's cache.
  var fleetErrand: FleetErrand?
  /// What the hub of either has of the exchange, let go at its end.
  var sharingPlace: SharingPlace?
  /// The client is gone and the reply goes on for followers: what the client was doing.
  var detached: ClientPhase?
  /// Whether the request waits for the store that sidecars share.
  var awaitsFleet = false
  /// What the request holds of limits and budgets.
  var lease: LimitLease?
  /// What the body says, where it is read.
  var envelope: Envelope?
  /// The body as it goes to the target at hand.
  var outgoing = RequestBody.none
  /// Nil where the ledger keeps neither prompts nor replies.
  var bodyCopy: BodyCopy?
  /// The client's body came compressed and goes on without.
  var bodyWasInflated = false
  /// The last attempt's whole reply, while the next one is under way.
  var kept: KeptReply?
  /// The wait before the next attempt.
  var backOff: Scheduled<Void>?
  var intake: RequestBodyIntake
  private var isInFlight = false
  private var uploadIsFull = false

  /// A refused body up to this size is read to its end, so that the connection can be kept.
  private static let discardable = 64 * 1024
  /// A body up to this size that nobody reads is sent whole: unlike a stream it may go over a connection that was used
  /// before, since it can be sent again when the upstream has just closed that.
  private static let gatherable = 256 * 1024
  /// Bytes of a streaming body that may wait for a slow upstream before its client is no longer read.
  private static let uploadHighMark = 256 * 1024

  init(connection: ConnectionHandler, request: ClientHead) {
    self.connection = connection
    loop = connection.loop
    snapshot = loop.snapshot
    self.request = request
    isKeptAlive = request.isKeptAlive
    var fields = RequestFields(request)
    if fields.head.trace == nil, snapshot.configuration.makesTraces {
      fields.beginTrace(high: loop.random(), low: loop.random(), parent: loop.random())
    }
    intake = RequestBodyIntake(limit: snapshot.configuration.limits.maxBodyBytes)
    let (exchange, refusal) = RequestPath.open(
      fields.head, requestID: fields.requestID ?? loop.makeRequestID(),
      policy: snapshot.policy, now: loop.now, wall: WallClock.wholeSeconds())
    isHead = fields.head.method == "HEAD"
    self.exchange = exchange
    if fields.madeTraceParent != nil, fields.traceParents > 0 { exchange.note(edit: "traceparent") }
    self.fields = consume fields
    openRefusal = refusal
  }

  /// For bytes that are not a request.
  init(connection: ConnectionHandler, unreadable refusal: Refusal) {
    self.connection = connection
    loop = connection.loop
    snapshot = loop.snapshot
    request = ClientHead(method: "GET", target: "/", isKeptAlive: true, lines: ByteBuffer())
    isKeptAlive = true
    fields = RequestFields(request)
    isHead = false
    intake = RequestBodyIntake(limit: 0)
    exchange = RequestPath.openUnreadable(requestID: loop.makeRequestID(), now: loop.now)
    openRefusal = refusal
  }

  @Seldom private var openRefusal: Refusal?
  /// Whether the client keeps its connection open.
  let isKeptAlive: Bool

  /// The head is there. `refusing` is a reason of the connection's own to refuse it.
  func begin(refusing: Refusal?) {
    if let refusal = refusing ?? openRefusal ?? ownRefusal() {
      refuseBeforeBody(refusal)
      return
    }
    isInFlight = true
    do throws(Refusal) {
      if exchange.endpoint.readsBody || exchange.endpoint == .feedback {
        try beginCollecting()
      } else {
        try beginUnread()
      }
    } catch {
      refuseBeforeBody(error)
      return
    }
    if fields.expectation != nil, fields.hasBody, !connection.hasWaitingParts { sendContinue() }
  }

  /// Reasons that are not the policy's: load, shutdown and rules of HTTP.
  private func ownRefusal() -> Refusal? {
    if let expectation = fields.expectation, expectation != "100-continue" {
      return Refusal(
        .invalidRequest, "the expectation is not one that weir meets", remedy: "Send Expect: 100-continue or none.",
        status: 417)
    }
    if let upgrade = fields.upgrade, upgrade != "h2c" {
      return Refusal(
        .invalidRequest, "weir does not switch protocols", remedy: "Send the request without the Upgrade header.")
    }
    if !fields.hasOneHost {
      return Refusal(
        .invalidRequest, "the Host header is missing or comes twice", remedy: "Send it once (RFC 9112, section 3.2).")
    }
    if fields.hasUnknownCoding || (fields.isChunked && request.isHTTP10) {
      return Refusal(
        .invalidRequest, "the request's transfer coding is not one that weir reads",
        remedy: "Send Content-Length, or over HTTP/1.1 Transfer-Encoding: chunked alone.")
    }
    if let refusal = BrowserAccess.refusal(
      fields, isFeedback: exchange.endpoint == .feedback, snapshot: snapshot,
      listensOnLoopback: loop.state.listensOnLoopback)
    {
      return refusal
    }
    if fields.hasUndecodableValue {
      return Refusal(
        .invalidRequest, "a header value is not UTF-8, so it could not be passed on unchanged",
        remedy: "Send header values in ASCII or UTF-8.")
    }
    if let audit = loop.state.audit, let refusal = audit.refusal { return refusal }
    if loop.state.isDraining, !loop.state.isHandedOver {
      return Refusal(
        .shuttingDown, "the proxy is shutting down", remedy: "Send the request again.", retryAfterSeconds: 1)
    }
    guard loop.state.inFlight.take() else {
      return Refusal(
        .overloaded, "as many requests are in flight as may be",
        remedy: "Try again in a moment, or raise WEIR_MAX_IN_FLIGHT.", retryAfterSeconds: 1)
    }
    return nil
  }

  private func refuseBeforeBody(_ refusal: Refusal) {
    let isSmall = !fields.isChunked && (fields.contentLength ?? 0) <= Self.discardable
    if isSmall, fields.expectation == nil {
      bodyUse = .discard(refusal)
    } else {
      refuse(refusal)
    }
  }

  private func sendContinue() {
    var line = connection.allocator.buffer(capacity: 32)
    line.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
    connection.write(line)
    connection.flush()
  }

  // MARK: The request's body

  /// Whether parts of the request are still to come; without a body there is the part that says so.
  var awaitsParts: Bool { !sawEnd && !isOver && !awaitsFleet }

  /// Whether every byte of the request has arrived.
  var requestIsWhole: Bool { sawEnd || !fields.hasBody }

  /// Whether the client should be read: not while a slow upstream has enough of the body.
  var wantsParts: Bool { awaitsParts && !uploadIsFull }

  func receive(_ part: RequestPart) {
    switch part {
    case .head: return
    case .body(let bytes): receiveBody(bytes)
    case .end: receiveEnd()
    }
  }

  private func receiveBody(_ bytes: ByteBuffer) {
    sizes.received += bytes.readableBytes
    switch bodyUse {
    case .none, .discard: return
    case .collect, .gather:
      var bytes = bytes
      do throws(Refusal) {
        try intake.append(&bytes, allowance: loop.state.bufferedBytes)
      } catch {
        refuse(error)
      }
    case .stream:
      guard let transfer else { return }
      if let refusal = intake.refusalOver(sizes.received) {
        refuse(refusal)
        return
      }
      transfer.send(bytes)
      uploadIsFull = transfer.pendingBytes > Self.uploadHighMark
    }
  }

  private func receiveEnd() {
    sawEnd = true
    switch bodyUse {
    case .none: break
    case .discard(let refusal): refuse(refusal)
    case .collect: exchange.endpoint == .feedback ? takeFeedback() : admit()
    case .gather: sendUnread(.whole(intake.body))
    case .stream: transfer?.finishBody()
    }
  }

  private func beginCollecting() throws(Refusal) {
    guard BodyCoding(fields.contentEncoding) != nil else {
      throw Refusal(
        .unsupportedEncoding, "the body's Content-Encoding cannot be read", remedy: "Send it plain, gzip or deflate.")
    }
    bodyUse = .collect
    if let contentLength = fields.contentLength {
      try intake.announce(contentLength, allowance: loop.state.bufferedBytes, allocator: connection.allocator)
    }
  }

  private func beginUnread() throws(Refusal) {
    if let contentLength = fields.contentLength { try intake.checkAnnounced(contentLength) }
    guard fields.hasBody else {
      bodyUse = .none
      sendUnread(fields.contentLength == 0 ? .whole(ByteBuffer()) : .none)
      return
    }
    guard !fields.isChunked, let contentLength = fields.contentLength, contentLength <= Self.gatherable else {
      bodyUse = .stream
      sendUnread(.streaming(length: fields.isChunked ? nil : fields.contentLength.map(Int64.init)))
      return
    }
    bodyUse = .gather
    try intake.announce(contentLength, allowance: loop.state.bufferedBytes, allocator: connection.allocator)
  }

  private func sendUnread(_ body: RequestBody) {
    do throws(Refusal) {
      lease = try RequestPath.admitUnread(
        exchange, head: fields.head, policy: snapshot.policy, shared: loop.state.shared, now: loop.now,
        wall: WallClock.wholeSeconds())
      outgoing = body
      if try !waitsForFleet() { try proceed() }
    } catch {
      refuse(error)
    }
  }

  /// The body is whole: what does the policy say?
  private func admit() {
    do throws(Refusal) {
      bodyWasInflated = try inflate()
      let envelope = try readEnvelope()
      self.envelope = envelope
      lease = try RequestPath.admit(
        exchange, head: fields.head, envelope: envelope, policy: snapshot.policy, shared: loop.state.shared,
        random: loop.random(), now: loop.now, wall: WallClock.wholeSeconds(), threadTime: ThreadTime.nanoseconds,
        census: bodyCensus, memberText: bodyText)
      if bodyWasInflated { exchange.note(edit: "content-encoding") }
      outgoing = editedBody()
      // As it goes upstream: what a rule took out of the prompt must not be kept by another way.
      if let limit = loop.state.ledger.maximumBodyBytes, case .whole(let body) = outgoing { copyBodies(body, limit) }
      if try !waitsForFleet() { try proceed() }
    } catch {
      refuse(error)
    }
  }

  private func copyBodies(_ prompt: ByteBuffer, _ limit: Int) {
    let copy = BodyCopy(limit: limit)
    copy.take(prompt: prompt)
    bodyCopy = copy
  }

  /// A vote has nothing to do with limits, models or upstreams.
  private func takeFeedback() {
    do throws(Refusal) {
      _ = try inflate()
      submitFeedback(intake.body)
    } catch {
      refuse(error)
    }
  }

  private func inflate() throws(Refusal) -> Bool {
    guard case .compressed(let encoding) = BodyCoding(fields.contentEncoding) else { return false }
    try intake.inflate(encoding, allowance: loop.state.bufferedBytes, allocator: connection.allocator)
    return true
  }

  private func readEnvelope() throws(Refusal) -> Envelope {
    let names = snapshot.policy.bodyRules.memberNames
    return try unsafe intake.body.withUnsafeReadableBytes { bytes in
      unsafe UnreadableBody.envelope(of: bytes, finding: names, parser: loop.parser)
    }.get()
  }

  /// The text of the tools that the request offers, or of its `functions`, OpenAI's first form of them.
  var toolsText: [UInt8]? {
    guard let range = envelope?.range(of: .tools) ?? envelope?.range(of: .functions) else { return nil }
    return intake.body.getBytes(at: intake.body.readerIndex + range.lowerBound, length: range.count)
  }

  func bodyCensus() -> BodyCensus {
    let body = intake.body
    return BodyCensus(body.readableBytesUInt8Span)
  }

  /// The part of the body that an envelope's range names.
  func bodyText(_ range: Range<Int>) -> String {
    intake.body.getString(at: intake.body.readerIndex + range.lowerBound, length: range.count) ?? ""
  }

  // MARK: Upstream

  func transferNeedsBody() {
    guard uploadIsFull, let transfer, transfer.pendingBytes <= Self.uploadHighMark / 2 else { return }
    uploadIsFull = false
    // Called from inside the transfer, which must not be fed while it asks.
    loop.eventLoop.assumeIsolated().execute { self.connection.bodyWanted() }
  }

  /// What has come of the body, as far as it is collected.
  var intakeBody: ByteBuffer { intake.body }

  /// Gives back what the request held of the process's bounds.
  func giveBackBounds() {
    intake.giveBack(to: loop.state.bufferedBytes)
    giveBackKept()
    loop.state.bufferedBytes.giveBack(reply.meteredBytes)
    reply.meteredBytes = 0
    backOff?.cancel()
    backOff = nil
    envelope = nil
    kept = nil
    outgoing = .none
    if isInFlight { loop.state.inFlight.giveBack() }
    isInFlight = false
  }
}
