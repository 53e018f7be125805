import CWeirSystem
import NIOCore
import NIOHTTP1
import WeirConfiguration
import WeirPolicy

/// One client connection: takes its bytes, runs one exchange at a time, keeps what a pipelining client sent ahead, and ends
/// clients that are too slow. Lives on one event loop.
///
/// Reading is by demand: while an exchange is busy and its request is whole, one read is taken and no more, so what waits
/// is at most what two reads brought. That one stands open from request to request: were it taken back each time, every
/// request would tell the kernel so twice. That the client left is seen all the same.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let loop: LoopContext
  /// The connection's place in the loop's list.
  var listIndex: Int?
  private var context: ChannelHandlerContext?
  private var plain: PlainRequestReader
  private var isDecoding = false
  private var waiting = CircularBuffer<RequestPart>(initialCapacity: 4)
  private var current: LiveExchange?
  private let reads: ClientReads
  private let isOverLimit: Bool
  private var isDraining = false
  private var closesAfterCurrent = false
  /// Why the bytes behind the requests that wait cannot be read.
  private var unreadable: Refusal?
  private var lingersUntil: Int64?
  /// When the client last did what was asked of it.
  private var lastProgress: Int64
  /// When the first byte of a head arrived that is not whole yet; or, where the request before it was still being answered,
  /// when that was over.
  private var headBeganAt: Int64?
  /// Whether what comes next from the client is a head.
  private var isBetweenRequests = true
  private var partsInBatch = 0
  /// What the channel last said; asking it counts six references.
  private var isChannelWritable = true
  private var taking = ReplyTaking()
  /// Whether the channel has been asked for a read that has not come.
  private var isReading = false
  private(set) var allocator = ByteBufferAllocator()

  /// How long a closing connection still reads, so that the client gets to see its reply (RFC 9112, section 9.6).
  private static let lingerTime: Int64 = 2_000_000_000

  init(loop: LoopContext, reads: ClientReads, isOverLimit: Bool) {
    self.loop = loop
    self.reads = reads
    self.isOverLimit = isOverLimit
    plain = PlainRequestReader(maximumHeaderBytes: loop.snapshot.configuration.limits.maxHeaderBytes)
    lastProgress = loop.now
  }

  /// The client's address, where it is known.
  var peer: String? {
    peerAddress = peerAddress ?? context?.remoteAddress?.ipAddress
    return peerAddress
  }
  private var peerAddress: String?

  // MARK: From the client

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    allocator = context.channel.allocator
    loop.add(self)
    if context.channel.isActive { read() }
  }

  func channelActive(context: ChannelHandlerContext) {
    read()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    leave()
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    while let part = plain.next(&bytes) { take(part) }
    guard plain.isOver else { return }
    if !isDecoding { DecodedParts.add(behind: self, maximumHeaderBytes: plain.maximumHeaderBytes, context: context) }
    isDecoding = true
    context.fireChannelRead(NIOAny(bytes))
  }

  /// The next part of a request.
  func take(_ part: RequestPart) {
    partsInBatch += 1
    headBeganAt = nil
    guard lingersUntil == nil else { return }
    isBetweenRequests = if case .end = part { true } else { false }
    if waiting.isEmpty, let current, current.awaitsParts {
      current.receive(part)
    } else {
      waiting.append(part)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    if partsInBatch > 0 { lastProgress = loop.now }
    takeWaiting()
    readBody(context)
    if isBetweenRequests, partsInBatch == 0, headBeganAt == nil { headBeganAt = loop.now }
    partsInBatch = 0
    readOn()
  }

  func channelInactive(context: ChannelHandlerContext) {
    // The decoder, where there is one, says by itself that a request was cut off.
    if plain.isAmidRequest { errorCaught(context: context, error: HTTPParserError.invalidEOFState) }
    context.fireChannelInactive()
    leave()
    waiting.removeAll()
    current?.clientLeft()
    current = nil
  }

  /// Also for a connection that never became active.
  private func leave() {
    guard listIndex != nil else { return }
    loop.remove(self)
    loop.state.connections.giveBack()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    lastProgress = loop.now
    isChannelWritable = context.channel.isWritable
    taking.channelTakesAgain()
    current?.writabilityChanged(isWritable: isChannelWritable)
    guard isChannelWritable, current == nil else { return }
    if headBeganAt != nil { headBeganAt = lastProgress }
    goOnSoon()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else {
      context.close(promise: nil)
      return
    }
    unreadable = UnreadableRequest.refusal(
      error, maxHeaderBytes: loop.snapshot.configuration.limits.maxHeaderBytes)
    takeWaiting()
    answerUnreadable()
  }

  /// Answers bytes that are not a request, once every request before them is served: the decoder does not go on.
  private func answerUnreadable() {
    guard let refusal = unreadable, waiting.isEmpty, lingersUntil == nil else { return }
    if let current {
      // A body that was on its way never becomes whole; any other exchange ends first.
      guard current.awaitsParts else { return }
      closesAfterCurrent = true
      current.refuse(refusal)
    } else {
      closesAfterCurrent = true
      refuseUnread(refusal)
    }
  }

  private func refuseUnread(_ refusal: Refusal) {
    let exchange = LiveExchange(connection: self, unreadable: refusal)
    current = exchange
    exchange.refuse(refusal)
  }

  private func takeWaiting() {
    while let part = waiting.first {
      if let current {
        guard current.awaitsParts else { return }
        waiting.removeFirst()
        current.receive(part)
      } else {
        // Who does not take its replies gets no more of them: they would pile up here.
        guard isChannelWritable || lingersUntil != nil else { return }
        waiting.removeFirst()
        guard lingersUntil == nil, case .head(let head) = part else { continue }
        begin(head)
      }
    }
  }

  private func begin(_ head: ClientHead) {
    let exchange = LiveExchange(connection: self, request: head)
    current = exchange
    // The decoder stops for good behind these, since another protocol might follow.
    if exchange.fields.head.method == "CONNECT" || exchange.fields.upgrade != nil { closesAfterCurrent = true }
    // Whoever put this request together, or a proxy before it, reads HTTP in another way.
    if !exchange.fields.hasOneHost { closesAfterCurrent = true }
    if isOverLimit {
      closesAfterCurrent = true
      exchange.begin(
        refusing: Refusal(
          .overloaded, "as many connections are open as may be",
          remedy: "Try again in a moment, or raise WEIR_MAX_CONNECTIONS.", retryAfterSeconds: 1))
    } else {
      exchange.begin(refusing: nil)
    }
  }

  /// Takes what has come of a large body to where it is collected, and tells the decoder. Where the client has left, or
  /// there is nothing, the channel's own read says so.
  private func readBody(_ context: ChannelHandlerContext) {
    guard let current, case .news = current.nextRead, waiting.isEmpty, lingersUntil == nil else { return }
    let operations = context.pipeline.syncOperations
    let part = try? operations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
      current.readBody(from: $0)
    }
    guard let part, let part else { return }
    operations.fireChannelRead(NIOAny(part))
    lastProgress = loop.now
  }

  /// Asks for one read, unless one stands open.
  private func read() {
    guard !isReading, let context else { return }
    isReading = true
    context.read()
  }

  private func readOn() {
    reads.next = current?.nextRead ?? .head
    guard lingersUntil == nil else { return read() }
    guard let current else { return isChannelWritable ? read() : () }
    // What follows bytes that cannot be read is not read either: it would only end the exchange at hand.
    let mayReadAhead = waiting.isEmpty && unreadable == nil && !closesAfterCurrent
    if current.wantsParts || (!current.awaitsParts && mayReadAhead) { read() }
  }

  // MARK: For the exchange

  /// Whether parts of the request wait that the exchange has not seen.
  var hasWaitingParts: Bool { !waiting.isEmpty }

  var isWritable: Bool { isChannelWritable && context != nil }

  func write(_ buffer: ByteBuffer) {
    taking.given += buffer.readableBytes
    context?.write(wrapOutboundOut(buffer), promise: nil)
  }

  func flush() { context?.flush() }

  /// How much of what the kernel had at most, while the channel takes no more, the client has taken since.
  var freedBytes: Int { taking.freed }

  /// What was written that the kernel has not taken.
  var waitingBytes: Int { context?.waitingBytes ?? 0 }

  /// Whether the client has yet to take something that was written.
  var hasUntaken: Bool { context.map { $0.unacknowledgedBytes > 0 || $0.waitingBytes > 0 } ?? false }

  /// The exchange takes more of its body.
  func bodyWanted() {
    lastProgress = loop.now
    readOn()
  }

  /// Whether the connection will be closed after the exchange at hand, whatever that wants.
  var willClose: Bool {
    closesAfterCurrent || isDraining || loop.state.isDraining && !(servesOut && hasRequestAhead)
  }

  /// Whether a request has come, be it only the kernel that has it, which nobody else would answer.
  private var hasRequestAhead: Bool {
    if headBeganAt != nil || waiting.contains(where: { if case .head = $0 { true } else { false } }) { return true }
    return context?.hasUnreadBytes == true
  }

  /// Whether the process has handed over, and the client may still send the one request that it was promised.
  var servesOut: Bool { loop.state.isHandedOver && !isDraining && !closesAfterCurrent }

  /// The exchange takes parts of its request again.
  func goesOn(_ exchange: LiveExchange) {
    guard current === exchange else { return }
    goOn()
  }

  private func goOn() {
    takeWaiting()
    answerUnreadable()
    readOn()
  }

  /// From the loop, so that a long pipeline does not grow the stack.
  private func goOnSoon() { loop.eventLoop.assumeIsolated().execute { self.goOn() } }

  /// The exchange is over, since just `now`.
  func ended(_ exchange: LiveExchange, keepAlive: Bool, now: Int64) {
    guard current === exchange else { return }
    current = nil
    lastProgress = now
    if headBeganAt != nil { headBeganAt = now }
    guard keepAlive, !closesAfterCurrent else {
      waiting.removeAll()
      lingerOn()
      return
    }
    if !waiting.isEmpty || unreadable != nil { goOnSoon() } else { readOn() }
  }

  /// The exchange's reply broke off: the connection ends without the body's proper end, after what was written.
  func brokeOff(_ exchange: LiveExchange, isReset: Bool) {
    guard current === exchange else { return }
    current = nil
    waiting.removeAll()
    // Where the connection's end is the body's end, only a reset tells that it came too early.
    if isReset { context?.reset() } else { lingerOn() }
  }

  /// The exchange goes on without its client.
  func leave(_ exchange: LiveExchange) {
    if current === exchange { current = nil }
    close()
  }

  /// What the client has not taken is lost to it, which must not look like a reply's end.
  func close() { if waitingBytes > 0 { context?.reset() } else { context?.close(promise: nil) } }

  /// Closes our side and reads on for a while: a close with unread bytes would reset the connection and might take the
  /// reply away from the client.
  private func lingerOn() {
    guard let context else { return }
    lingersUntil = .max
    let closed = context.eventLoop.makePromise(of: Void.self)
    closed.futureResult.assumeIsolated().whenComplete { [weak self] _ in
      guard let self else { return }
      self.lingersUntil = self.loop.now + Self.lingerTime
    }
    // Our side closes once everything written has left.
    context.close(mode: .output, promise: closed)
    read()
  }

  // MARK: For the loop

  func drain() {
    isDraining = true
    if current == nil, lingersUntil == nil { lingerOn() }
  }

  func cut() {
    if let current {
      loop.state.countCut()
      current.cut()
    } else if lingersUntil == nil {
      lingerOn()
    }
  }

  func checkDeadlines(now: Int64) {
    if !isChannelWritable { noteTaken(now: now) }
    if let lingersUntil {
      if now >= lingersUntil || now - lastProgress >= loop.snapshot.clientIdleTimeout { close() }
      return
    }
    let snapshot = loop.snapshot
    guard let current else {
      // A head that waits for its client to take replies waits for nothing else.
      if let headBeganAt, isChannelWritable, now - headBeganAt >= snapshot.clientHeaderTimeout {
        refuseSlowHead()
      } else if now - lastProgress >= snapshot.clientIdleTimeout {
        close()
      }
      return
    }
    current.checkHold(now: now)
    guard now - lastProgress >= snapshot.clientIdleTimeout else { return }
    if current.awaitsParts, current.wantsParts {
      closesAfterCurrent = true
      current.refuse(
        Refusal(
          .invalidRequest, "the request's body stopped arriving", remedy: "Send the whole body without long pauses.",
          status: 408))
    } else if current.isHeldByClient {
      current.clientStalled()
    }
  }

  /// A client that takes little by little does what was asked of it long before the channel has room again, also of a
  /// reply that is over already.
  private func noteTaken(now: Int64) {
    guard let context else { return }
    if taking.note(waiting: waitingBytes, inKernel: context.unacknowledgedBytes) { lastProgress = now }
  }

  private func refuseSlowHead() {
    closesAfterCurrent = true
    refuseUnread(
      Refusal(
        .invalidRequest, "the request's head did not arrive in time", remedy: "Send the whole head at once.",
        status: 408))
  }
}
