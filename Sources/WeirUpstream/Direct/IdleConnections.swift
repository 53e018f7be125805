/// Connections to one origin that wait for their next request, the one that was used last at the end. Lives on one event
/// loop.
final class IdleConnections {
  private var waiting = IndexedList<DirectConnection>()

  var count: Int { waiting.count }

  /// - Parameter now: in nanoseconds of the loop's clock.
  func add(_ connection: DirectConnection, now: Int64) {
    connection.idleSince = now
    waiting.add(connection)
  }

  func takeLast() -> DirectConnection? { waiting.takeLast() }

  /// Nothing where it does not wait.
  func remove(_ connection: DirectConnection) { waiting.remove(connection) }

  /// Closes those that have waited since this time or longer.
  func closeThose(restingSince time: Int64) {
    for connection in waiting.members where connection.idleSince <= time { connection.close() }
  }
}
