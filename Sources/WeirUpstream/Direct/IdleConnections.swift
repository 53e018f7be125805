/// Connections to one origin that wait for their next request, the one that was used last at the end. Lives on one event
/// loop.
final class IdleConnections {
  private var waiting: [DirectConnection] = []

  var count: Int { waiting.count }

  /// - Parameter now: in nanoseconds of the loop's clock.
  func add(_ connection: DirectConnection, now: Int64) {
    connection.idleSince = now
    connection.idleIndex = waiting.count
    waiting.append(connection)
  }

  func takeLast() -> DirectConnection? {
    let connection = waiting.popLast()
    connection?.idleIndex = nil
    return connection
  }

  /// Nothing where it does not wait.
  func remove(_ connection: DirectConnection) {
    guard let index = connection.idleIndex else { return }
    connection.idleIndex = nil
    let last = waiting.removeLast()
    if last !== connection {
      waiting[index] = last
      last.idleIndex = index
    }
  }

  /// Closes those that have waited since this time or longer.
  func closeThose(restingSince time: Int64) {
    for connection in waiting where connection.idleSince <= time { connection.close() }
  }
}
