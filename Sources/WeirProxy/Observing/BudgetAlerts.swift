import Logging
import Synchronization

/// One line in the log for each client, soft budget and day that it is used up in. Any thread may use it.
final class BudgetAlerts: Sendable {
  private struct Alert: Hashable {
    let budget: String
    let client: String
    let day: Int64
  }

  /// More than there are clients and budgets; then the memory starts afresh.
  private static let maximumAlerts = 10_000

  private let logger: Logger
  private let given = Mutex<Set<Alert>>([])

  init(logger: Logger) { self.logger = logger }

  /// - Parameter wall: seconds since 1970.
  func usedUp(_ budgets: [String], client: String, wall: Int64) {
    for budget in budgets {
      let isNew = given.withLock { given in
        if given.count >= Self.maximumAlerts { given.removeAll() }
        return given.insert(Alert(budget: budget, client: client, day: wall / 86_400)).inserted
      }
      guard isNew else { continue }
      logger.warning("a soft budget is used up", metadata: ["budget": "\(budget)", "client": "\(client)"])
    }
  }
}
