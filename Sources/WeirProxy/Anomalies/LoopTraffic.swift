import Synchronization
import WeirPolicy

/// What ended on one event loop since the anomaly watch last looked, by client. The loop adds, the watch takes; the lock
/// is held for as long as either needs, and nearly always free.
final class LoopTraffic: Sendable {
  private let clients = Mutex<[String: ClientTraffic]>([:])

  /// Adds an exchange that is over.
  func record(_ exchange: Exchange) {
    clients.withLock { $0[exchange.client, default: ClientTraffic()].add(exchange) }
  }

  /// What there is, which is then gone.
  func take() -> [String: ClientTraffic] {
    clients.withLock { clients in
      guard !clients.isEmpty else { return [:] }
      defer { clients.removeAll(keepingCapacity: true) }
      return clients
    }
  }
}
