import NIOCore

/// A transfer over a connection of the event loop's own, in HTTP/1.1 (RFC 9112), or as a stream of one in HTTP/2. Lives on
/// that loop; the object serves many requests one after the other.
final class DirectTransfer: Transfer, Indexed {
  let headers = HeaderList(.wire)
  private(set) var receiver: (any TransferReceiver)?
  /// The transfer's place in the engine's list of live ones.
  var listIndex: Int?
  var clock = PhaseClock(timeouts: PhaseTimeouts(connect: 1, firstByte: 1, idle: 1, total: 1), now: 0)

  let engine: DirectEngine
  private(set) var address: DirectAddress?
  var connection: DirectConnection?
  var stream: HTTP2Stream?
  var attempt: ConnectAttempt?
  /// Whether it waits with others for a connection.
  var isInLine = false
  /// Until when it waits there, in nanoseconds.
  var lineDeadline: Int64 = 0
  private(set) var method = ""
  /// The request's head, and a small body behind it.
  var head: ByteBuffer
  private(set) var body = RequestBody.none
  private var isHead = false
  private var isChunked = false
  private(set) var isHeld = false
  private(set) var connectTimeout: Int64 = 0
  /// What waits to be written of a body that is not behind the head.
  var pending = PendingBody()
  private var isWriting = false
  /// Whether `writeOn` is called before the turn of the event loop is over.
  private var writesSoon = false
  /// Whether the head was written and not flushed.
  private var headWaits = false
  /// Whether the whole request has been written.
  var hasSentBody = false
  /// Whether the kernel may have taken less of the request than was written.
  private(set) var isLarge = false
  /// The upstream has answered, and wants no more of the body.
  private(set) var stopsSending = false
  /// Whether the request is there whole, for another connection.
  private(set) var maySendAgain = false
  /// How often it has been sent again with HTTP/2; with HTTP/1.1 the second connection is its own.
  var timesSentAgain = 0
  var reusedConnection: Bool?

  /// A body up to this size goes into one write with its head.
  private static let joined = 16 * 1024
  /// A part of a streaming body below this size, in bytes, waits for those that the same read brought.
  private static let smallPart = 4 * 1024

  init(engine: DirectEngine) {
    self.engine = engine
    head = engine.allocator.buffer(capacity: 2048)
  }

  /// Readies it for a request to this address.
  func prepare(for address: DirectAddress) { self.address = address }

  func begin(
    method: String, url: String, body: RequestBody, timeouts: PhaseTimeouts, expectsStream: Bool,
    receiver: any TransferReceiver
  ) {
    engine.eventLoop.preconditionInEventLoop()
    self.receiver = receiver
    clock = PhaseClock(timeouts: timeouts, now: engine.now())
    connectTimeout = timeouts.connect
    isHead = method == "HEAD"
    self.body = isHead ? .none : body
    reusedConnection = nil
    engine.add(self, sweepInterval: timeouts.sweepInterval)
    guard let address, !engine.isShutDown else {
      engine.eventLoop.assumeIsolated().execute {
        self.ended(TransferFailure(kind: .local, reason: "weir is ending"))
      }
      return
    }
    self.method = method
    timesSentAgain = 0
    if case .streaming = self.body {
      // A body that went by cannot be sent again, so it must not meet a connection that the upstream has given up.
      maySendAgain = false
      connect()
    } else {
      maySendAgain = true
      findConnection(to: address)
    }
  }

  func cancel() {
    guard listIndex != nil else { return }
    receiver = nil
    leave()
  }

  func hold() {
    guard listIndex != nil, !isHeld else { return }
    isHeld = true
    clock.held(true, now: engine.now())
    connection?.read(false)
    stream?.hold()
  }

  func release() {
    guard listIndex != nil, isHeld else { return }
    isHeld = false
    clock.held(false, now: engine.now())
    connection?.read(true)
    stream?.release()
  }

  func send(_ part: ByteBuffer) {
    guard listIndex != nil, !stopsSending else { return }
    pending.append(part)
    if part.readableBytes < Self.smallPart { writeSoon() } else { writeOn() }
    stream?.wakeBody()
  }

  /// The channel holds a hundred times the bytes of a part of one byte, so small ones of one turn of the event loop leave
  /// together.
  private func writeSoon() {
    guard !writesSoon else { return }
    writesSoon = true
    // Where the object serves another request by then, this finds nothing to do, or what that has to do anyway.
    engine.eventLoop.assumeIsolated().execute {
      self.writesSoon = false
      self.writeOn()
    }
  }

  func finishBody() {
    guard listIndex != nil, !stopsSending else { return }
    pending.finish()
    writeOn()
    stream?.wakeBody()
  }

  var pendingBytes: Int { pending.count }

  func letGoOfRequest() {
    guard listIndex != nil else { return }
    maySendAgain = false
    headers.letGo()
    body = .none
    head = ByteBuffer()
  }

  // MARK: The request

  private func writeHead(to address: DirectAddress) {
    head.clear(minimumCapacity: 2048)
    head.writeString(method)
    head.writeStaticString(" ")
    head.writeString(address.target)
    head.writeStaticString(" HTTP/1.1\r\nHost: ")
    head.writeString(address.authority)
    head.writeStaticString("\r\n")
    writeLines()
    isChunked = if case .streaming(nil) = body { true } else { false }
    if isChunked { head.writeStaticString("Transfer-Encoding: chunked\r\n") }
    head.writeStaticString("\r\n")
  }

  /// The caller's header lines, and the body's length where it is known.
  func writeLines() {
    unsafe headers.withWireLines { lines in
      unsafe _ = head.writeBytes(lines)
    }
    guard let length = bodyLength else { return }
    head.writeStaticString("Content-Length: ")
    head.writeString(String(length))
    head.writeStaticString("\r\n")
  }

  /// Nil where there is no body, or nobody knows its length.
  private var bodyLength: Int? {
    switch body {
    case .none, .streaming(nil): nil
    case .whole(let bytes): bytes.readableBytes
    case .parts(let parts): parts.reduce(0) { $0 + $1.readableBytes }
    case .streaming(let length?): Int(clamping: length)
    }
  }

  func start(on connection: DirectConnection) {
    guard let address else { return }
    self.connection = connection
    reusedConnection = connection.isReused
    connection.begin(self, isHead: isHead)
    if isHeld { connection.read(false) }
    writeHead(to: address)
    hasSentBody = false
    if case .none = body { isLarge = false } else { isLarge = true }
    if case .whole(let bytes) = body, bytes.readableBytes <= Self.joined {
      head.writeImmutableBuffer(bytes)
      isLarge = false
      hasSentBody = true
    }
    connection.write(head)
    readyBody()
    if case .none = body { hasSentBody = true }
    if hasSentBody { return connection.flush() }
    headWaits = true
    writeOn()
  }

  /// Makes ready what is to be sent of a body that is there whole.
  func readyBody() {
    guard !hasSentBody else { return }
    switch body {
    case .none: break
    case .whole(let bytes): pending = PendingBody([bytes])
    case .parts(let parts): pending = PendingBody(parts)
    case .streaming: break
    }
  }

  /// Gives the channel what it takes at the moment.
  private func writeOn() {
    // A write may find room for the next one, or the connection gone, before it returns.
    guard !isWriting, !hasSentBody, let connection else { return }
    isWriting = true
    var hasProgressed = pending.count == 0
    var hasWritten = true
    while hasWritten, self.connection === connection, !hasSentBody {
      // A large head alone may be more than the channel takes without a flush.
      hasWritten = headWaits
      headWaits = false
      while self.connection === connection, connection.isWritable,
        let part = pending.next(upTo: connection.largestWrite)
      {
        write(part, to: connection)
        hasWritten = true
        // TLS puts aside what is not flushed, and knows no bound.
        if connection.isSecure { connection.flush() }
      }
      if pending.count == 0, pending.isFinished {
        if isChunked { connection.write(ByteBuffer(staticString: "0\r\n\r\n")) }
        hasSentBody = true
        hasWritten = true
      }
      guard hasWritten else { break }
      hasProgressed = true
      connection.flush()
    }
    isWriting = false
    guard hasProgressed, self.connection === connection else { return }
    clock.activity(now: engine.now())
    receiver?.transferNeedsBody()
  }

  private func write(_ part: ByteBuffer, to connection: DirectConnection) {
    guard isChunked else { return connection.writeWatched(part) }
    var size = engine.allocator.buffer(capacity: 16)
    size.writeString(String(part.readableBytes, radix: 16))
    size.writeStaticString("\r\n")
    connection.write(size)
    connection.writeWatched(part)
    connection.write(ByteBuffer(staticString: "\r\n"))
  }

  func connectionIsWritable() {
    // The kernel takes the request slowly, but it does.
    clock.activity(now: engine.now())
    writeOn()
  }

  // MARK: The reply

  func sawActivity(now: Int64) { clock.activity(now: now) }

  func received(_ head: ResponseHead) {
    clock.head(now: engine.batchTime)
    // An upstream that refuses early wants no more of the body.
    if head.status >= 300, !hasSentBody {
      stopsSending = true
      pending = PendingBody()
    }
    receiver?.transferReceivedHead(head)
  }

  /// The transfer is over, well where there is no failure; its connection is no longer its own.
  func ended(_ failure: TransferFailure?) {
    guard listIndex != nil else { return }
    let receiver = receiver
    let outcome = TransferOutcome(failure: failure, reusedConnection: reusedConnection)
    if failure == nil {
      if isHeld { connection?.read(true) }
      connection = nil
    }
    if let failure, failure.isTimeout, let stream {
      stream.connection?.suspect(since: stream.begun, now: engine.now())
    }
    leave()
    if failure == nil { engine.keep(self) }
    receiver?.transferEnded(outcome)
  }

  /// Leaves the engine's list, and closes what was under way.
  private func leave() {
    engine.remove(self)
    attempt?.abandon()
    attempt = nil
    let connection = connection
    self.connection = nil
    connection?.close()
    let stream = stream
    self.stream = nil
    stream?.cancel()
    if isInLine {
      isInLine = false
      address?.connections.leaveLine(self)
    }
    receiver = nil
    body = .none
    pending = PendingBody()
    isHeld = false
    isWriting = false
    headWaits = false
    stopsSending = false
    headers.removeAll()
  }
}
