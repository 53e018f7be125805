import NIOCore
import WeirPolicy

// A request that gets what an identical one brings.
extension LiveExchange {
  /// Bytes that are taken over at once, so that a slow client's share waits where it is bounded.
  private static let step = 256 * 1024

  /// Takes what has come; called when something has, and when the client has room again.
  func followOn() {
    while !isOver, let follower {
      guard connection.isWritable else {
        reply.isHeld = true
        return
      }
      let events = follower.next(maximumBytes: Self.step)
      if let head = events.head { begin(head) }
      for chunk in events.chunks { take(chunk) }
      if let ending = events.ending {
        end(ending)
        return
      }
      // The last bytes leave with the reply's end, which comes at once: its client must find the request settled.
      if reply.bytesToCome == reply.batchBytes { return }
      if reply.batchBytes > 0 || reply.head != nil { relayBatch(isLast: false) }
      guard events.hasMore else { return }
    }
  }

  /// What ended the request that this one followed does not hold for this client.
  private func askAnew() {
    follower = nil
    do throws(Refusal) { try proceed() } catch { refuse(error) }
  }

  private func begin(_ head: SharedHead) {
    exchange.takes(status: head.status, model: head.model, upstream: head.upstream, now: loop.now)
    if let fallback = head.fallback { exchange.fell(backTo: fallback) }
    exchange.replaceReplyEdits(head.edits)
    reply.isEventStream = head.isEventStream
    reply.isCoded = BodyCoding.isCoded(head.contentEncoding)
    reply.framing = framing(status: head.status, contentLength: head.contentLength)
    if reply.framing == .sized { reply.bytesToCome = head.contentLength }
    reply.head = ReplyHeadWriter.document(
      lines: head.lines, status: head.status, framing: reply.framing, fields: [],
      bodyBytes: head.contentLength, upstreamRequestID: nil, exchange: exchange,
      ownRequestID: fields.requestID == nil, keepAlive: promiseMore(), isHTTP10: isHTTP10,
      allocator: connection.allocator)
    reply.hasBegun = true
  }

  private func take(_ chunk: ByteBuffer) {
    if reply.batch == nil {
      reply.batch = ReplyFraming.bodyBuffer(chunk.readableBytes, allocator: connection.allocator)
    }
    reply.batch?.writeImmutableBuffer(chunk)
    reply.batchBytes += chunk.readableBytes
  }

  private func end(_ ending: SharedEnding) {
    switch ending {
    case .complete:
      relayBatch(isLast: true)
      finish(.complete)
    case .broken(let refusal):
      relayBatch(isLast: false)
      refuse(refusal)
    case .refused(let refusal): refuse(refusal)
    case .refusedClient(let client, let refusal):
      if client == exchange.client { refuse(refusal) } else { askAnew() }
    }
  }

  /// Who reads on finds behind what is left that this was not all.
  func endLagging() {
    relayBatch(isLast: false)
    refuse(
      Refusal(
        .overloaded, "the client takes so little of the reply that it shares that others would have to wait for it",
        remedy: "Read the reply faster, or send Cache-Control: no-cache.", retryAfterSeconds: 1))
  }
}
