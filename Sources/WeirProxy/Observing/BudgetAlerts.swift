import Logging
import Synchronization

/// Tells once for each client, budget and day that it is used up: in the log, the audit log and the webhook. Any thread
/// may use it.
final class BudgetAlerts: Sendable {
  private struct Alert: Hashable {
    let budget: String
    let client: String
    let day: Int64
  }

  /// More than there are clients and budgets; then the memory starts afresh.
  private static let maximumAlerts = 10_000

  private let logger: Logger
  private let audit: AuditLog?
  private let webhook: WebhookDesk
  private let given = Mutex<Set<Alert>>([])

  init(logger: Logger, audit: AuditLog?, webhook: WebhookDesk) {
    self.logger = logger
    self.audit = audit
    self.webhook = webhook
  }

  /// Soft budgets, whose requests are served.
  ///
  /// - Parameter wall: seconds since 1970.
  func usedUp(_ budgets: [String], client: String, wall: Int64) {
    for budget in budgets where isNew(budget, client: client, wall: wall) {
      logger.warning("a soft budget is used up", metadata: ["budget": "\(budget)", "client": "\(client)"])
      tell(budget, client: client, isHard: false)
    }
  }

  /// A hard budget that refused a request.
  ///
  /// - Parameter wall: seconds since 1970.
  func refused(by budget: String, client: String, wall: Int64) {
    guard isNew(budget, client: client, wall: wall) else { return }
    tell(budget, client: client, isHard: true)
  }

  private func isNew(_ budget: String, client: String, wall: Int64) -> Bool {
    given.withLock { given in
      if given.count >= Self.maximumAlerts { given.removeAll() }
      return given.insert(Alert(budget: budget, client: client, day: wall / 86_400)).inserted
    }
  }

  private func tell(_ budget: String, client: String, isHard: Bool) {
    audit?.record(
      AuditEvent(.budgetUsedUp).with("client", client).with("budget", budget).with(
        "enforcement", isHard ? "hard" : "soft"))
    var notice = WebhookNotice(.budgetUsedUp)
    notice.line.add("client", client)
    notice.line.add("budget", budget)
    notice.line.add("enforcement", isHard ? "hard" : "soft")
    webhook.send(notice)
  }
}
