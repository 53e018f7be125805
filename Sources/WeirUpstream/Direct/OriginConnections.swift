import NIOCore

/// The connections of one event loop to one origin, and the transfers that wait for the first of them. Lives on that loop.
///
/// With TLS nobody knows before the first connection which protocol the upstream speaks, and with HTTP/2 one is enough: the
/// transfers that come meanwhile wait in line for it.
final class OriginConnections {
  /// Those over HTTP/1.1 that wait for their next request.
  let idle = IdleConnections()
  /// Whether the last connection over TLS spoke HTTP/1.1, of which each transfer needs one of its own.
  private var speaksHTTP1 = false
  private var multiplexed = IndexedList<HTTP2Connection>()
  /// How many streams the upstream last said that it allows.
  var lastStreamLimit: Int?
  private var line: [DirectTransfer] = []
  private var attempt: ConnectAttempt?

  var isEmpty: Bool { idle.count == 0 && multiplexed.count == 0 }

  // MARK: HTTP/2

  /// One that takes another stream.
  ///
  /// - Parameter oldest: none that has rested since this time, in nanoseconds, or longer.
  func taking(restingSince oldest: Int64) -> HTTP2Connection? {
    for connection in multiplexed.members where connection.takesStreams {
      if connection.isIdle, connection.idleSince <= oldest { continue }
      return connection
    }
    return nil
  }

  /// Whether there are more than need to be kept for later.
  var hasSurplus: Bool { multiplexed.count > Self.keptMultiplexed }

  private static let keptMultiplexed = 8

  func add(_ connection: HTTP2Connection) { multiplexed.add(connection) }

  /// Nothing where it is not there.
  func remove(_ connection: HTTP2Connection) { multiplexed.remove(connection) }

  // MARK: The line

  /// Whether a transfer that finds no connection waits for one with others, or else has one opened for itself.
  var sharesConnections: Bool { !speaksHTTP1 }

  /// The transfer is started, or ended, once there is a connection.
  func lineUp(_ transfer: DirectTransfer, to address: DirectAddress, engine: DirectEngine) {
    line.append(transfer)
    if attempt == nil { open(to: address, engine: engine) }
  }

  /// Opens a connection for the line, for as long as somebody there has time.
  private func open(to address: DirectAddress, engine: DirectEngine) {
    let deadline = line.reduce(0) { max($0, $1.lineDeadline) }
    let attempt = ConnectAttempt(to: address, timeout: max(deadline - engine.now(), 0), engine: engine)
    self.attempt = attempt
    attempt.start { result in
      guard self.attempt === attempt else { return false }
      self.attempt = nil
      if case .failure(let failure) = result, failure.kind == .connectTimeout {
        self.ranOutOfTime(failure, to: address, engine: engine)
        return false
      }
      return self.opened(result)
    }
  }

  /// Who came after the attempt had begun has time left, and another connection may come about.
  private func ranOutOfTime(_ failure: TransferFailure, to address: DirectAddress, engine: DirectEngine) {
    let now = engine.now()
    let late = line.filter { $0.lineDeadline <= now }
    line.removeAll { $0.lineDeadline <= now }
    for transfer in late { transfer.lineFailed(failure) }
    // A receiver may have begun another transfer just now.
    if !line.isEmpty, attempt == nil { open(to: address, engine: engine) }
  }

  /// Nothing where it is not in line.
  func leaveLine(_ transfer: DirectTransfer) {
    guard let place = line.firstIndex(where: { $0 === transfer }) else { return }
    line.remove(at: place)
    guard line.isEmpty, let attempt else { return }
    self.attempt = nil
    attempt.abandon()
  }

  /// Whether the connection is kept.
  private func opened(_ result: Result<OpenConnection, TransferFailure>) -> Bool {
    let waiting = line
    line = []
    switch result {
    case .failure(let failure):
      for transfer in waiting { transfer.lineFailed(failure) }
      return false
    case .success(.http2(let connection)):
      noteProtocol(of: .http2(connection))
      for transfer in waiting { transfer.leaveLine(for: connection) }
      return true
    case .success(.http1(let connection)):
      noteProtocol(of: .http1(connection))
      var connection: DirectConnection? = connection
      for transfer in waiting where transfer.leaveLine(for: connection) { connection = nil }
      return connection == nil
    }
  }

  /// A connection has been opened.
  func noteProtocol(of connection: OpenConnection) {
    switch connection {
    case .http1: speaksHTTP1 = true
    case .http2(let connection):
      speaksHTTP1 = false
      add(connection)
    }
  }

  // MARK: Clearing away

  /// Closes those that have waited since this time or longer.
  func closeThose(restingSince time: Int64) {
    idle.closeThose(restingSince: time)
    for connection in multiplexed.members where connection.isIdle && connection.idleSince <= time { connection.close() }
  }

  /// Closes them all; the transfers on them are over already.
  func closeAll() {
    idle.closeThose(restingSince: .max)
    for connection in multiplexed.members { connection.close() }
  }
}

/// A connection as the upstream has agreed to speak over it.
enum OpenConnection {
  case http1(DirectConnection)
  case http2(HTTP2Connection)
}
