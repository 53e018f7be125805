import Synchronization
import WeirPolicy

/// What ended on one event loop since the anomaly watch last looked, by client. The loop adds, the watch takes; the lock
/// is held for as long as either needs, and nearly always free.
final class LoopTraffic: Sendable {
  private struct Book {
    var clients: [String: ClientTraffic] = [:]
    /// The client of the last exchange, apart: most are of the same, and comparing a name costs less than hashing it.
    var last: (client: String, traffic: ClientTraffic)?

    /// Puts the last client's where the others are.
    mutating func close() {
      guard let last else { return }
      clients[last.client] = last.traffic
      self.last = nil
    }
  }

  private let book = Mutex(Book())

  /// Adds an exchange that is over.
  func record(_ exchange: Exchange) {
    book.withLock { book in
      if book.last?.client != exchange.client {
        book.close()
        book.last = (exchange.client, book.clients[exchange.client] ?? ClientTraffic())
      }
      book.last?.traffic.add(exchange)
    }
  }

  /// What there is, which is then gone.
  func take() -> [String: ClientTraffic] {
    book.withLock { book in
      book.close()
      guard !book.clients.isEmpty else { return [:] }
      defer { book.clients.removeAll(keepingCapacity: true) }
      return book.clients
    }
  }
}
