import NIOCore
import NIOHTTP1
import WeirConfiguration
import WeirPolicy
import WeirUpstream
import WeirWire

// Answers that weir makes itself, and the ends of an exchange. Each end goes through `finish`, once.
extension LiveExchange {
  var isHTTP10: Bool { request.isHTTP10 }

  /// Whether the connection can serve another request after this one.
  var keepsAlive: Bool {
    isKeptAlive && requestIsWhole && reply.framing != .untilClose && !connection.willClose
  }

  /// What the reply's head says of the connection; noted, because the process may begin to hand over before the reply ends.
  func promiseMore() -> Bool {
    reply.promisesMore = keepsAlive
    return reply.promisesMore
  }

  /// Answers with an error, or breaks a reply off that has begun.
  func refuse(_ refusal: Refusal) {
    guard !isOver else { return }
    if reply.hasBegun {
      breakOff(refusal)
      return
    }
    giveUpTransfer()
    RequestPath.refuse(exchange, refusal)
    let reply = ReplyHeadWriter.refusal(
      refusal, exchange: exchange, isHead: isHead, keepAlive: promiseMore(), isHTTP10: isHTTP10,
      allocator: connection.allocator)
    sizes.sent += reply.readableBytes
    connection.write(reply)
    finish(.complete)
  }

  /// Ends a reply that has begun so that nobody takes it for whole: a stream gets an error event in its API's format,
  /// and the connection ends without the body's proper end.
  func breakOff(_ refusal: Refusal) {
    guard !isOver else { return }
    giveUpTransfer()
    RequestPath.refuse(exchange, refusal, hasBegun: true)
    if reply.isEventStream, !reply.isCoded, reply.framing == .chunked || reply.framing == .untilClose {
      writeErrorEvent(refusal)
    }
    finish(.broken)
  }

  /// Whether the client has no event's beginning without its end.
  private var isAtEventBoundary: Bool {
    reply.edit?.editor.isAtEventBoundary ?? reply.meter?.reading.isAtEventBoundary ?? reply.tail.isAtEventBoundary
  }

  private func writeErrorEvent(_ refusal: Refusal) {
    // The meter knows what the client has only where both have the same bytes.
    let open = reply.edit == nil ? reply.meter?.openEvent : nil
    var event: [UInt8] = isAtEventBoundary || open != nil ? [] : Array("\n\n".utf8)
    event += ErrorBody.streamEvent(
      endpoint: exchange.endpoint, code: refusal.code.rawValue,
      message: refusal.message(requestID: exchange.requestID), status: refusal.status, ending: open)
    var buffer = ReplyFraming.bodyBuffer(event.count, allocator: connection.allocator)
    buffer.writeBytes(event)
    if reply.framing == .chunked { ReplyFraming.closeChunk(&buffer, bodyBytes: event.count) }
    sizes.sent += event.count
    connection.write(buffer)
  }

  /// The client closed its connection: the upstream must not go on generating.
  func clientLeft() {
    guard !isOver else { return }
    if clientHasAll { return endWithClient() }
    let phase: ClientPhase = reply.hasBegun ? .reply : exchange.admittedAt != nil ? .waiting : .request
    if detach(phase) || readsOn(phase) { return }
    giveUpTransfer()
    finish(.clientLeft(phase))
  }

  /// The client is gone: is its stream read on for a while, to learn what it used? Not while the process ends.
  private func readsOn(_ phase: ClientPhase) -> Bool {
    let drain = snapshot.configuration.meteringDrain.nanoseconds
    guard drain > 0, phase == .reply, reply.isEventStream, transfer != nil, detached == nil, !loop.state.isDraining
    else { return false }
    leave(phase)
    // Leaving lets the transfer go on, which may have been all that it waited for.
    guard !isOver else { return true }
    loop.readOn[ObjectIdentifier(self)] = self
    // Held until then, since no connection holds it any more.
    backOff = loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(drain)) { self.abandoned() }
    return true
  }

  /// The upstream must not go on generating for nobody.
  func giveUpTransfer() {
    guard let transfer else { return }
    transfer.cancel()
    self.transfer = nil
    RequestPath.abandonAttempt(exchange, shared: loop.state.shared, now: loop.now)
  }

  /// The client took nothing of its reply for too long.
  func clientStalled() {
    guard !isOver else { return }
    clientLeft()
  }

  /// The process ends and waits no longer.
  func cut() {
    refuse(
      Refusal(
        .shuttingDown, "the proxy shut down before the reply was complete", remedy: "Send the request again.",
        retryAfterSeconds: 1))
  }

  /// The one end of every exchange, in three steps that nothing comes between: what other requests would find is settled,
  /// the reply's last bytes leave, and what people look at is recorded. The client need not wait for the record: whoever
  /// asks for it, having read the reply, waits for this turn of the event loop to end (`LoopBarrier`).
  func finish(_ ending: Ending) {
    guard !isOver else { return }
    // A client that was told otherwise does not wait for what it may have sent behind this.
    let keepAlive = reply.promisesMore && (keepsAlive || connection.servesOut)
    isOver = true
    if detached != nil {
      loop.readOn[ObjectIdentifier(self)] = nil
      loop.detached[ObjectIdentifier(self)] = nil
    }
    let (now, wall) = (loop.now, WallClock.now())
    let toolCalls = settle(ending, now: now, wall: wall)
    // This may find the client gone, and call back; the exchange is over, and does nothing more for it.
    connection.flush()
    record(toolCalls: toolCalls, wall: wall)
    switch ending {
    case .complete: connection.ended(self, keepAlive: keepAlive, now: now)
    case .broken: connection.brokeOff(self, isReset: reply.framing == .untilClose)
    case .clientLeft: connection.close()
    }
  }

  /// What a request that the client sends next may meet, on any event loop: the kept reply, limits and budgets, circuits
  /// and the process's bounds.
  ///
  /// - Returns: what the row in the ledger waits for.
  private func settle(_ ending: Ending, now: Int64, wall: WallTime) -> ToolCallTally? {
    endSharing(ending)
    let toolCalls = submitToolCalls(wasComplete: ending == .complete)
    audit()
    RequestPath.abandonAttempt(exchange, shared: loop.state.shared, now: now)
    RequestPath.settle(
      exchange, ending: ending == .complete && reply.isWithClient ? ending : detached.map { .clientLeft($0) } ?? ending,
      reading: reply.meter?.reading, lease: lease.take(),
      policy: snapshot.policy,
      now: now, wall: Int64(wall.wholeSeconds), census: { envelope == nil ? nil : bodyCensus() })
    loop.state.fleetLimits?.tell()
    giveBackBounds()
    return toolCalls
  }

  /// Metrics, the status page's history, the ledger, notices and the access line.
  private func record(toolCalls: ToolCallTally?, wall: WallTime) {
    loop.recorder.record(exchange, firstContentAt: reply.firstContentAt, wall: wall)
    if snapshot.configuration.anomalies.isEnabled { loop.traffic.record(exchange) }
    loop.state.ledger.record(
      exchange, sizes: sizes, firstContentAt: reply.firstContentAt, toolCalls: toolCalls, bodies: bodyCopy?.bodies,
      wall: wall, with: &loop.ledgerPen)
    if !exchange.usedUpBudgets.isEmpty {
      loop.state.budgetAlerts.usedUp(
        exchange.usedUpBudgets, client: exchange.client, wall: Int64(wall.wholeSeconds))
    }
    if let refusal = exchange.refusal, refusal.code == .budgetExceeded, let budget = refusal.limit {
      loop.state.budgetAlerts.refused(by: budget, client: exchange.client, wall: Int64(wall.wholeSeconds))
    }
    if loop.state.logsAccess {
      AccessLog.write(
        exchange, sizes: sizes, format: loop.state.logFormat, wall: wall, in: &loop.accessLine, to: loop.state.log)
    }
  }
}
