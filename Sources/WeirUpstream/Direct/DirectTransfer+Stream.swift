import NIOCore

// A transfer as a stream of an HTTP/2 connection.
extension DirectTransfer {
  func start(on connection: HTTP2Connection) {
    guard let address else { return }
    writeFields(to: address)
    hasSentBody = false
    readyBody()
    var hasBody = true
    if case .none = body {
      hasBody = false
      hasSentBody = true
    }
    guard let stream = connection.begin(self, head: head, hasBody: hasBody) else {
      return engine.eventLoop.assumeIsolated().execute { self.ended(Self.closedBeforeReply) }
    }
    self.stream = stream
    reusedConnection = stream.isReused
    if isHeld { stream.hold() }
  }

  /// The request's head in the form that an HTTP/2 connection takes.
  private func writeFields(to address: DirectAddress) {
    head.clear(minimumCapacity: 2048)
    head.writeString(method)
    head.writeStaticString("\r\n")
    head.writeString(address.target)
    head.writeStaticString("\r\n")
    head.writeString(address.authority)
    head.writeStaticString("\r\n")
    writeLines()
  }

  /// Moves bytes of the body into the room; nil where there are none for now.
  func fill(_ room: UnsafeMutableRawBufferPointer, isEnd: inout Bool) -> Int? {
    guard !stopsSending else { return nil }
    let filled = unsafe pending.fill(room)
    if pending.isFinished, pending.count == 0 {
      isEnd = true
      hasSentBody = true
      return filled
    }
    return filled > 0 ? filled : nil
  }

  /// Some of the body has left.
  func bodyMoved() {
    clock.activity(now: engine.now())
    receiver?.transferNeedsBody()
  }
}
