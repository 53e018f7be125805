import CWeirNghttp2
import NIOCore

/// One HTTP/2 connection to an upstream, with as many transfers at once as the upstream allows (RFC 9113). The last handler
/// of its channel, on its event loop.
final class HTTP2Connection: ChannelInboundHandler, Indexed {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let home: OriginConnections
  private let engine: DirectEngine
  private let secured: ChannelHandlerContext
  private var context: ChannelHandlerContext?
  private var session: HTTP2Session?
  private var streams = IndexedList<HTTP2Stream>()
  /// Streams that have something to tell when what was read or sent has been looked at.
  private var touched: [HTTP2Stream] = []
  private var outgoing: ByteBuffer
  private var streamsBegun = 0
  /// Whether a reply has come over it.
  private var hasServed = false
  private var isRetired = false
  /// Whether the upstream has said what it allows.
  private var hasSettings = false
  private var isFlushScheduled = false
  private var isWorking = false
  /// When the upstream last sent anything, in nanoseconds.
  private var lastRead: Int64
  /// Since when it has no streams, in nanoseconds.
  private(set) var idleSince: Int64
  var listIndex: Int?

  /// More streams than this at once go over a second connection; libcurl's measure was the same.
  private static let maximumStreams = 256
  /// The most that is given to the channel at once.
  private static let step = 256 * 1024
  /// The buffer that is kept for what is sent is no larger.
  private static let keptOutgoing = 64 * 1024

  /// - Parameters:
  ///   - home: the connections of its origin.
  ///   - secured: the place of TLS in the channel.
  init(home: OriginConnections, engine: DirectEngine, secured: ChannelHandlerContext) {
    self.home = home
    self.engine = engine
    self.secured = secured
    outgoing = engine.allocator.buffer(capacity: 4096)
    lastRead = engine.now()
    idleSince = lastRead
  }

  // MARK: For transfers

  /// Whether another transfer may begin on it.
  var takesStreams: Bool {
    guard let session, !isRetired, streams.count < min(streamLimit(session), Self.maximumStreams) else { return false }
    return session.takesRequests
  }

  /// Until the upstream says how many streams it allows, what it said last on another connection.
  private func streamLimit(_ session: HTTP2Session) -> Int {
    // Of one at least, or it would be opened in vain.
    hasSettings ? session.streamLimit : max(home.lastStreamLimit ?? session.streamLimit, 1)
  }

  var isIdle: Bool { streams.count == 0 }

  /// Begins a request; nil where the connection takes none any more.
  ///
  /// - Parameter head: method, target and authority, each with its CRLF, and the header lines.
  func begin(_ transfer: DirectTransfer, head: ByteBuffer, hasBody: Bool) -> HTTP2Stream? {
    let stream = HTTP2Stream(transfer, on: self, isReused: streamsBegun > 0, now: engine.batchTime)
    guard let session, let id = session.submit(head, hasBody: hasBody, stream: stream) else { return nil }
    stream.id = id
    streams.add(stream)
    streamsBegun += 1
    flushSoon()
    return stream
  }

  func cancel(_ stream: HTTP2Stream) {
    guard streams.remove(stream) else { return }
    if !stream.isClosed { session?.reset(stream.id) }
    restIfIdle()
    flushSoon()
  }

  func resume(_ stream: HTTP2Stream) {
    guard stream.awaitsBody else { return }
    stream.awaitsBody = false
    session?.resume(stream.id)
    flushSoon()
  }

  /// A released stream hears what was kept for it, from the loop.
  func deliverLater(_ stream: HTTP2Stream) {
    engine.eventLoop.assumeIsolated().execute { self.deliver(stream) }
  }

  private func deliver(_ stream: HTTP2Stream) {
    guard let transfer = stream.transfer, !stream.isHeld else { return }
    let kept = stream.takeKept()
    if kept.readableBytes > 0 {
      unsafe kept.withUnsafeReadableBytes { unsafe transfer.receiver?.transferReceivedBody($0) }
      transfer.receiver?.transferBatchEnded()
      session?.consumeForStream(kept.readableBytes, of: stream.id)
      flushSoon()
    }
    if stream.ending != nil, stream.transfer === transfer { report(stream) }
  }

  /// A transfer ran out of time that began at `time`. Where the upstream has said nothing since, for long, what comes next
  /// is to find a connection that works.
  func suspect(since time: Int64, now: Int64) {
    if lastRead <= time, now - time >= Self.longestSilence { retire() }
  }

  /// In nanoseconds; clients with less patience say nothing of the connection.
  private static let longestSilence: Int64 = 500_000_000

  /// Takes no more transfers, and closes once those that it has are over.
  func retire() {
    leaveHome()
    restIfIdle()
  }

  private func leaveHome() {
    isRetired = true
    home.remove(self)
  }

  /// Ends the connection; transfers on it hear nothing.
  func close() {
    leaveHome()
    context?.close(promise: nil)
    secured.close(promise: nil)
  }

  private func restIfIdle() {
    guard streams.count == 0 else { return }
    idleSince = engine.batchTime
    if home.hasSurplus { leaveHome() }
    if isRetired { flushSoon() } else { engine.startCleaning() }
  }

  // MARK: From the channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    session = HTTP2Session(owner: self)
    if session == nil { close() } else { flush() }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    session = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let session else { return }
    let buffer = unwrapInboundIn(data)
    lastRead = engine.now()
    isWorking = true
    let isSound = unsafe buffer.withUnsafeReadableBytes { unsafe session.receive($0) }
    isWorking = false
    if !isSound { return fail(.garbled) }
    settleTouched()
  }

  func channelReadComplete(context: ChannelHandlerContext) { flush() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { flush() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

  func channelInactive(context: ChannelHandlerContext) { fail(.cut) }

  // MARK: What the session tells

  func received(status: Int, lines: UnsafeRawBufferPointer, for stream: HTTP2Stream) {
    guard stream.ending == nil, !stream.hasHead, let transfer = stream.transfer else { return sawActivity(of: stream) }
    stream.hasHead = true
    sawActivity(of: stream)
    touch(stream)
    var fields = engine.allocator.buffer(capacity: lines.count)
    unsafe _ = fields.writeBytes(lines)
    transfer.received(ResponseHead(status: status, fields: fields))
  }

  func received(_ bytes: UnsafeRawBufferPointer, for stream: HTTP2Stream) {
    guard stream.ending == nil, let transfer = stream.transfer else {
      session?.consumeForConnection(bytes.count)
      return
    }
    sawActivity(of: stream)
    // What was kept goes first, also where the stream has been released and not been told.
    if stream.isHeld || stream.hasKept {
      unsafe stream.keep(bytes)
      session?.consumeForConnection(bytes.count)
      return
    }
    touch(stream)
    session?.consume(bytes.count, of: stream.id)
    unsafe transfer.receiver?.transferReceivedBody(bytes)
  }

  func receivedOtherHead(of length: Int, for stream: HTTP2Stream) {
    sawActivity(of: stream)
    stream.otherHeadBytes += length
    if stream.otherHeadBytes > ResponseHeadCollector.maximumBytes { ended(stream, .refused(WEIR_H2_HEAD_TOO_LARGE)) }
  }

  func sawActivity(of stream: HTTP2Stream) {
    stream.hasReplyBytes = true
    stream.transfer?.sawActivity(now: lastRead)
  }

  func ended(_ stream: HTTP2Stream, _ ending: HTTP2Stream.Ending) {
    guard stream.ending == nil else { return }
    switch ending {
    case .reset(Self.refusedStream) where !stream.hasReplyBytes: stream.ending = .unprocessed
    case .whole where !stream.hasHead: stream.ending = .garbled
    default: stream.ending = ending
    }
    if !stream.hasNews { touched.append(stream) }
  }

  /// RFC 9113, section 7.
  private static let refusedStream: UInt32 = 7

  func receivedSettings() {
    hasSettings = true
    home.lastStreamLimit = session?.streamLimit
  }

  func requestDidNotLeave(_ id: Int32) {
    if let stream = streams.members.first(where: { $0.id == id }) { ended(stream, .unprocessed) }
  }

  func fill(_ room: UnsafeMutableRawBufferPointer, from stream: HTTP2Stream, isEnd: inout Bool) -> Int {
    guard let filled = unsafe stream.transfer?.fill(room, isEnd: &isEnd) else {
      stream.awaitsBody = true
      return -1
    }
    if !stream.hasSent {
      stream.hasSent = true
      if !stream.hasNews, stream.ending == nil { touched.append(stream) }
    }
    return filled
  }

  private func touch(_ stream: HTTP2Stream) {
    guard !stream.hasNews else { return }
    stream.hasNews = true
    touched.append(stream)
  }

  // MARK: Afterwards

  /// Tells the transfers what has come of what was read or sent.
  private func settleTouched() {
    guard !touched.isEmpty else { return }
    var streams: [HTTP2Stream] = []
    swap(&streams, &touched)
    for stream in streams {
      if stream.hasSent {
        stream.hasSent = false
        stream.transfer?.bodyMoved()
      }
      let hasNews = stream.hasNews
      stream.hasNews = false
      if stream.ending != nil, !stream.hasKept {
        report(stream)
      } else if hasNews {
        stream.transfer?.receiver?.transferBatchEnded()
      }
    }
  }

  /// Tells the end, once.
  private func report(_ stream: HTTP2Stream) {
    guard let ending = stream.ending, let transfer = stream.transfer.take() else { return }
    streams.remove(stream)
    // Nobody is there for what comes of it; of a whole reply the request's rest is of no use.
    if !stream.isClosed { session?.reset(stream.id) }
    stream.letGo()
    if case .whole = ending { hasServed = true }
    restIfIdle()
    flushSoon()
    let failure = stream.failure(ending)
    switch ending {
    case .unprocessed: if let failure { transfer.streamWasNotProcessed(failure) }
    case .cut where !stream.hasReplyBytes: transfer.streamWasCut(wasReused: hasServed)
    default: transfer.ended(failure)
    }
  }

  /// The connection is over.
  private func fail(_ ending: HTTP2Stream.Ending) {
    // What ends the connection first says why.
    for stream in streams.members where stream.ending == nil {
      let hasLeft = session?.hasLeft(stream.id) ?? true
      ended(stream, hasLeft ? ending : .unprocessed)
    }
    close()
    // With the session, so that this forgets the streams.
    settleTouched()
    session = nil
  }

  // MARK: To the channel

  /// What is said within one turn of the event loop leaves together.
  private func flushSoon() {
    guard !isFlushScheduled, context != nil else { return }
    isFlushScheduled = true
    engine.eventLoop.assumeIsolated().execute { self.flush() }
  }

  private func flush() {
    isFlushScheduled = false
    guard !isWorking, let context, let session else { return }
    // A write may find the connection gone, which ends the session.
    while self.session === session, context.channel.isWritable {
      isWorking = true
      outgoing.clear()
      let isSound = session.send(into: &outgoing, limit: Self.step)
      isWorking = false
      guard isSound else { return fail(.garbled) }
      guard outgoing.readableBytes > 0 else { break }
      context.writeAndFlush(wrapOutboundOut(outgoing), promise: nil)
      if outgoing.capacity > Self.keptOutgoing { outgoing = engine.allocator.buffer(capacity: 4096) }
    }
    settleTouched()
    guard self.session === session else { return }
    // Nobody waits for what may not have left.
    if streams.count == 0, isRetired { return close() }
    if !session.isOpen { fail(.garbled) }
  }
}
