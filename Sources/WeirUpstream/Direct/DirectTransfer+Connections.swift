// Which connection a transfer goes over.
extension DirectTransfer {
  func findConnection(to address: DirectAddress) {
    let connections = address.connections
    if address.origin.isSecure, let connection = engine.takeMultiplexed(connections) {
      start(on: connection)
    } else if let connection = engine.takeIdle(connections.idle) {
      start(on: connection)
    } else if address.origin.isSecure, connections.sharesConnections {
      isInLine = true
      lineDeadline = engine.now() + connectTimeout
      engine.watchLine(timeout: connectTimeout)
      connections.lineUp(self, to: address, engine: engine)
    } else {
      connect()
    }
  }

  /// The line has a connection for it; whether that was taken.
  func leaveLine(for connection: DirectConnection?) -> Bool {
    guard isInLine else { return false }
    isInLine = false
    if let connection { start(on: connection) } else { connect() }
    return connection != nil
  }

  func leaveLine(for connection: HTTP2Connection) {
    guard isInLine, let address else { return }
    isInLine = false
    if connection.takesStreams { start(on: connection) } else { findConnection(to: address) }
  }

  /// The failure of a transfer that has waited in line for as long as it may.
  func dueInLine(now: Int64) -> TransferFailure? {
    guard isInLine, now >= lineDeadline else { return nil }
    return TransferFailure(kind: .connectTimeout, reason: "the connection was not there in time")
  }

  /// The connection that the line waited for does not come about.
  func lineFailed(_ failure: TransferFailure) {
    guard isInLine else { return }
    isInLine = false
    ended(failure)
  }

  /// Opens a connection for this transfer.
  func connect() {
    guard let address else { return }
    reusedConnection = nil
    let attempt = ConnectAttempt(to: address, timeout: connectTimeout, engine: engine)
    self.attempt = attempt
    attempt.start { result in
      guard self.attempt === attempt else { return false }
      self.attempt = nil
      switch result {
      case .success(let connection):
        address.connections.noteProtocol(of: connection)
        switch connection {
        case .http1(let connection): self.start(on: connection)
        case .http2(let connection): self.start(on: connection)
        }
      case .failure(let failure): self.ended(failure)
      }
      return true
    }
  }

  /// A connection that was used before may be closed by the upstream just when it is used again: then the request goes
  /// over a new one, once.
  func connectionClosedBeforeReply(wasReused: Bool) {
    connection = nil
    if wasReused, maySendAgain { connect() } else { ended(Self.closedBeforeReply) }
  }

  /// The same with HTTP/2; `wasReused` says that a reply had come over the connection.
  func streamWasCut(wasReused: Bool) {
    stream = nil
    let mayBeSent = wasReused && timesSentAgain == 0
    if mayBeSent { sendAgain(orElse: Self.closedBeforeReply) } else { ended(Self.closedBeforeReply) }
  }

  /// The upstream has not looked at the request, which may therefore be sent again (RFC 9113, section 8.7).
  func streamWasNotProcessed(_ failure: TransferFailure) {
    stream = nil
    sendAgain(orElse: failure)
  }

  private func sendAgain(orElse failure: TransferFailure) {
    guard let address, maySendAgain, timesSentAgain < Self.mostTimesSentAgain else { return ended(failure) }
    timesSentAgain += 1
    findConnection(to: address)
  }

  /// libcurl's measure.
  private static let mostTimesSentAgain = 5

  static let closedBeforeReply = TransferFailure(
    kind: .closedBeforeReply, reason: "the connection closed before the reply began")
}
