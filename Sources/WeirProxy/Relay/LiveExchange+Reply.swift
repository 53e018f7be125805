import NIOCore
import NIOHTTP1
import WeirPolicy
import WeirUpstream
import WeirWire

// The reply's way: copied into one buffer per read of the upstream, flushed once, then shown to the meter.
extension LiveExchange: TransferReceiver {
  /// Bytes of a body that are copied behind their head.
  private static let joined = 4096

  func transferReceivedHead(_ head: ResponseHead) {
    let upstreamHead = ReplyHead(head, hygiene: snapshot.hygiene, allocator: connection.allocator)
    if let fault = upstreamHead.fault {
      transfer?.cancel()
      // Not from inside the transfer: libcurl takes no other request while it reports this one.
      loop.eventLoop.assumeIsolated().execute {
        self.transferEnded(
          TransferOutcome(failure: TransferFailure(kind: .protocolError, reason: fault), reusedConnection: nil))
      }
      return
    }
    RequestPath.replied(
      exchange, status: head.status, isEventStream: upstreamHead.isEventStream, now: loop.now)
    if exchange.editsReply { startEditing(upstreamHead, status: head.status) }
    if reply.edit?.isWhole == false { upstreamHead.forgetLength() }
    if holdsBack(status: head.status) {
      reply.isEventStream = upstreamHead.isEventStream
      reply.framing = framing(status: head.status, contentLength: upstreamHead.contentLength)
      startMeter(upstreamHead)
      reply.held = upstreamHead
    } else if !collectsModels(upstreamHead, status: head.status) {
      beginRelay(upstreamHead, status: head.status)
    }
  }

  /// The client gets this reply.
  func beginRelay(_ head: ReplyHead, status: Int) {
    reply.isEventStream = head.isEventStream
    reply.isCoded = BodyCoding.isCoded(head.contentEncoding)
    reply.framing = framing(status: status, contentLength: head.contentLength)
    if reply.framing == .sized { reply.bytesToCome = head.contentLength }
    if reply.meter == nil, status < 300 { startMeter(head) }
    if head.lostCookies { exchange.note(edit: "set-cookie") }
    if head.lostServer { exchange.note(replyEdit: "server") }
    reply.head = ReplyHeadWriter.relayed(
      head, status: status, framing: reply.framing, keepAlive: promiseMore(), exchange: exchange,
      ownRequestID: fields.requestID == nil, isHTTP10: isHTTP10,
      room: reply.batchBytes <= Self.joined ? reply.batchBytes + 8 : 0, allocator: connection.allocator)
    reply.hasBegun = true
    lead(head, status: status)
    if head.isEventStream { letGoOfRequest() }
  }

  func transferReceivedBody(_ bytes: UnsafeRawBufferPointer) {
    guard reply.framing != .none, !isOver else { return }
    if reply.edit != nil, reply.isEventStream { return unsafe editEvents(bytes) }
    unsafe append(bytes)
  }

  /// Adds to what goes to the client with the batch.
  func append(_ bytes: UnsafeRawBufferPointer) {
    if reply.batch == nil {
      reply.batch = ReplyFraming.bodyBuffer(bytes.count, allocator: connection.allocator)
    }
    unsafe _ = reply.batch?.writeBytes(bytes)
    reply.batchBytes += bytes.count
  }

  func transferBatchEnded() {
    guard !isOver, !holdsModels(), !stopsReply(), !keepsHolding() else { return }
    let bytes = reply.batchBytes
    relayBatch(isLast: false)
    guard !isOver, transfer != nil else { return }
    if !isWritable {
      holdForClient(true)
      reply.waitsForClient = !hasFollowers || !keeps(bytes)
    }
    pace()
  }

  func transferEnded(_ outcome: TransferOutcome) {
    transfer = nil
    guard !isOver else { return tailEnded(reusedConnection: outcome.reusedConnection) }
    recordTransfer(reusedConnection: outcome.reusedConnection, isWhole: outcome.failure == nil)
    if reply.edit != nil, outcome.failure == nil { finishEditing() }
    if stopsReply() { return }
    if let head = reply.held {
      heldReplyEnded(head, failure: outcome.failure)
    } else if let failure = outcome.failure {
      upstreamFailed(failure)
    } else {
      if modelList != nil { attemptEnded(AttemptReport(exchange, error: nil, retryAfter: nil)) }
      if !answersCollectedModels() { replyEnded() }
    }
  }

  /// The reply's last byte has come, and it goes to the client.
  func replyEnded() {
    // Whether a stream is whole is known once its last events are read, so these are read before they leave.
    if reply.isEventStream { measurePending() }
    if let reason = missingEnd(isEventStream: reply.isEventStream) {
      attemptEnded(AttemptReport(exchange, failure: TransferFailure(kind: .brokenReply, reason: reason)))
      relayBatch(isLast: false)
      breakOff(JudgeAttempt.broken(reason))
      return
    }
    relayBatch(isLast: true)
    reply.meter?.finish()
    attemptEnded(AttemptReport(exchange, error: reply.meter?.error, retryAfter: nil))
    finish(.complete)
  }

  /// Whether the client, not the upstream, is what the reply waits for.
  var isHeldByClient: Bool { reply.isHeld }

  func writabilityChanged(isWritable: Bool) {
    guard isWritable, reply.isHeld else { return }
    holdForClient(false)
    giveBackKept()
    pace()
    followOn()
    sendDocument()
  }

  /// Writes what the batch brought, flushes once unless `finish` follows, then lets the meter read.
  func relayBatch(isLast: Bool) {
    // A follower's client may have the end mark, and leave, before this event loop comes to the meter.
    if reply.isEventStream, hasFollowers { measurePending() }
    let head = reply.head
    reply.head = nil
    sizes.sent += head?.readableBytes ?? 0
    let body = reply.batch
    let bodyBytes = reply.batchBytes
    let measured = reply.measuredBytes
    reply.batch = nil
    reply.batchBytes = 0
    reply.measuredBytes = 0
    if var buffer = body, bodyBytes > 0 {
      share(buffer)
      bodyCopy?.take(reply: buffer, count: bodyBytes)
      if reply.isEventStream, reply.meter == nil { reply.tail.take(buffer) }
      if reply.framing == .chunked {
        ReplyFraming.closeChunk(&buffer, bodyBytes: bodyBytes)
        if isLast { buffer.writeStaticString(ReplyFraming.lastChunk) }
      }
      sizes.sent += bodyBytes
      write(head, buffer)
    } else if isLast, reply.framing == .chunked {
      var end = connection.allocator.buffer(capacity: 8)
      end.writeStaticString(ReplyFraming.lastChunk)
      write(head, end)
    } else if let head {
      connection.write(head)
    }
    // The last bytes leave once the exchange is settled (`finish`).
    if !isLast { connection.flush() }
    // The flush may have found that the client is gone, and ended the exchange.
    if !isOver, var body, bodyBytes > measured {
      body.moveReaderIndex(forwardBy: measured)
      measure(body)
    }
    // Behind the meter: a flush that finds the client gone must not end the exchange before that has read it all.
    if let left = reply.bytesToCome { reply.bytesToCome = left - bodyBytes }
    if let leader, streamSaidEnd { leader.sawEnd() }
  }

  /// A small body goes out in one piece with its head: copying it costs less than a second write.
  private func write(_ head: ByteBuffer?, _ body: ByteBuffer) {
    guard var head else { return connection.write(body) }
    if body.readableBytes <= Self.joined {
      head.writeImmutableBuffer(body)
      connection.write(head)
    } else {
      connection.write(head)
      connection.write(body)
    }
  }

  /// Lets the meter read what has not left yet.
  func measurePending() {
    guard var batch = reply.batch, reply.batchBytes > reply.measuredBytes else { return }
    batch.moveReaderIndex(forwardBy: reply.measuredBytes)
    measure(batch)
    reply.measuredBytes = reply.batchBytes
  }

  private func measure(_ body: ByteBuffer) {
    unsafe body.withUnsafeReadableBytes { unsafe measure($0) }
  }

  func measure(_ bytes: UnsafeRawBufferPointer) {
    guard reply.meter != nil, !reply.isUnreadable, holdsForMeter(bytes.count) else { return }
    if let inflater = reply.inflater {
      do throws(InflateError) {
        try unsafe inflater.inflate(bytes) { unsafe reply.meter?.read($0) }
      } catch {
        reply.isUnreadable = true
      }
    } else {
      unsafe reply.meter?.read(bytes)
    }
    if reply.firstContentAt == nil, reply.meter?.sawContent == true { sawFirstContent() }
  }

  private func sawFirstContent() {
    reply.firstContentAt = loop.now
    guard exchange.isProbe, reply.meter?.error == nil else { return }
    RequestPath.relays(exchange, shared: loop.state.shared, now: loop.now)
    logCircuitChange()
  }

  /// The meter keeps a plain reply until its end. Where the process holds as much as it may, the usage stays unknown.
  private func holdsForMeter(_ count: Int) -> Bool {
    guard !reply.isEventStream else { return true }
    guard loop.state.bufferedBytes.take(count) else {
      reply.isUnreadable = true
      return false
    }
    reply.meteredBytes += count
    return true
  }

  private func startMeter(_ head: ReplyHead) {
    guard exchange.endpoint.readsBody else { return }
    switch BodyCoding(head.contentEncoding) {
    case .plain: break
    case .compressed(let encoding):
      reply.inflater = Inflater(encoding: encoding, limit: .max)
      guard reply.inflater != nil else { return }
    case nil: return
    }
    reply.meter = ReplyMeter(
      endpoint: exchange.endpoint, isEventStream: head.isEventStream, json: loop.jsonReader,
      collectsToolCalls: offersTools)
  }

  func framing(status: Int, contentLength: Int?) -> ReplyFraming {
    if isHead || status == 204 || status == 304 {
      return .none
    }
    if contentLength != nil { return .sized }
    return isHTTP10 ? .untilClose : .chunked
  }

  /// Why a reply whose transfer ended well is not whole all the same: its API marks the end of a stream, and the mark
  /// did not come. An error that the upstream itself told the client of is an end; so is an error's status, whose body is
  /// no stream of the API's, whatever its type says.
  func missingEnd(isEventStream: Bool) -> String? {
    guard isEventStream, exchange.status ?? 0 < 300, !reply.isUnreadable, let reading = reply.meter?.reading
    else { return nil }
    guard exchange.endpoint != .embeddings, !reading.sawEndMarker, reading.error == nil else { return nil }
    return "the stream ended without its end mark"
  }

  private func upstreamFailed(_ failure: TransferFailure) {
    if reply.hasBegun {
      attemptEnded(AttemptReport(exchange, failure: failure))
      relayBatch(isLast: false)
      // Whatever broke it, the client has to know one thing: what it has is not the whole reply.
      breakOff(JudgeAttempt.broken(failure.reason))
    } else if modelList != nil {
      attemptEnded(AttemptReport(exchange, failure: failure))
      if !answersModelsAlone(failure) { attemptFailed(failure) }
    } else {
      attemptFailed(failure)
    }
  }

  /// What the transfer itself was like, whatever becomes of its reply.
  func recordTransfer(reusedConnection: Bool?, isWhole: Bool) {
    let now = loop.now
    let upstream = exchange.upstream ?? snapshot.defaultUpstream.name
    let status = exchange.repliedAt == nil ? nil : exchange.status
    loop.recorder.recordAttempt(
      upstream: upstream, status: status, duration: now - (exchange.sentAt ?? now), reusedConnection: reusedConnection)
    if isWhole, let status, status < 500 {
      let toHead = Double((exchange.repliedAt ?? now) - (exchange.sentAt ?? now)) / 1e6
      loop.state.health.succeeded(upstream, milliseconds: toHead, at: WallClock.seconds())
    } else {
      loop.state.health.failed(upstream)
    }
  }
}

extension UpstreamFault {
  /// The transfer's words for it, in the policy's.
  init(_ kind: TransferFailure.Kind) {
    self =
      switch kind {
      case .unreachable: .unreachable
      case .closedBeforeReply: .closedBeforeReply
      case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout: .timeout
      case .protocolError: .protocolError
      case .brokenReply: .brokenReply
      case .cancelled, .local: .local
      }
  }
}
