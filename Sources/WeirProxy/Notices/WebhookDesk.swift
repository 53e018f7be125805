import Logging
import NIOCore
import Synchronization
import WeirConfiguration
import WeirMetrics
import WeirPolicy

/// Sends notices to the operator's webhook: in the background, signed, tried again with longer and longer waits, bounded
/// in number. Any thread may hand a notice in; nobody waits.
final class WebhookDesk: Sendable {
  /// What became of a notice or of one try, the label `result`.
  enum Result: String, CaseIterable {
    /// The receiver said 2xx.
    case delivered
    /// A try failed, and another follows.
    case retried
    /// The last try failed.
    case failed
    /// Too many notices wait already.
    case dropped
  }

  /// Notices that wait or are under way.
  static let maximumWaiting = 256
  /// Before the second try, the third and so on: a notice is given up after six tries and ten minutes.
  static let delays: [TimeAmount] = [.seconds(1), .seconds(5), .seconds(30), .minutes(2), .minutes(7)]

  private let counter: CounterFamily
  private let logger: Logger
  private let waiting = Mutex(0)
  private let settings: Mutex<Configuration.Webhook?>
  private let sender = Mutex<WebhookSender?>(nil)

  init(registry: MetricsRegistry, settings: Configuration.Webhook?, logger: Logger) {
    counter = registry.counter(
      "weir_webhook_deliveries_total",
      help: "Notices to the webhook: delivered, failed after the last try, dropped as too many; retried counts tries.",
      labels: ["result"])
    for result in Result.allCases { _ = counter.child([result.rawValue]) }
    self.settings = Mutex(settings)
    self.logger = logger
  }

  /// Takes another configuration's settings, for tries from now on.
  func follow(_ settings: Configuration.Webhook?) { self.settings.withLock { $0 = settings } }

  /// The event loops are there: notices can leave.
  func start(_ sender: WebhookSender) { self.sender.withLock { $0 = sender } }

  /// Hands a notice in; nothing happens where no webhook is configured.
  func send(_ notice: consuming WebhookNotice) {
    guard settings.withLock({ $0 }) != nil, let sender = sender.withLock({ $0 }) else { return }
    let isFull = waiting.withLock { waiting in
      if waiting >= Self.maximumWaiting { return true }
      waiting += 1
      return false
    }
    guard !isFull else {
      count(.dropped)
      return
    }
    deliver(notice.line.finish(), id: notice.id, attempt: 0, sender)
  }

  private func deliver(_ body: [UInt8], id: String, attempt: Int, _ sender: WebhookSender) {
    guard let settings = settings.withLock({ $0 }) else {
      done(.failed)
      return
    }
    sender.post(body, id: id, to: settings) { failure in
      guard let failure else { return self.done(.delivered) }
      guard attempt < Self.delays.count else {
        self.done(.failed)
        self.logger.error("a webhook notice was given up", metadata: ["id": "\(id)", "reason": "\(failure)"])
        return
      }
      self.count(.retried)
      self.logger.warning(
        "the webhook did not take a notice", metadata: ["id": "\(id)", "try": "\(attempt + 1)", "reason": "\(failure)"])
      sender.later(Self.delays[attempt]) { self.deliver(body, id: id, attempt: attempt + 1, sender) }
    }
  }

  private func done(_ result: Result) {
    waiting.withLock { $0 -= 1 }
    count(result)
  }

  private func count(_ result: Result) { counter.child([result.rawValue]).increment() }
}
