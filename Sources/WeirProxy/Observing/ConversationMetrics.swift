import Logging
import Synchronization
import WeirMetrics
import WeirPolicy
import WeirWire

/// The families of what replies are like: why they ended, what was wrong with them, and whether their tool calls hold.
/// Any thread may use it.
final class ConversationMetrics: Sendable {
  private let replies: CounterFamily
  private let anomalies: CounterFamily
  private let toolCalls: CounterFamily
  private let providers = Mutex(BoundedLabel(known: ["none"]))

  init(_ registry: MetricsRegistry) {
    replies = registry.counter(
      "weir_replies_total", help: "Whole replies by why generation stopped.",
      labels: ["model", "variant", "finish_reason"])
    anomalies = registry.counter(
      "weir_reply_anomalies_total", help: "Whole replies with something wrong in them, by what.",
      labels: ["model", "variant", "kind"])
    toolCalls = registry.counter(
      "weir_tool_calls_total", help: "Tool calls of replies, checked against the request's tools.",
      labels: ["model", "variant", "provider", "result"])
  }

  /// The series of replies that ended for a reason.
  func replies(model: String, variant: String, finishReason: String) -> Counter {
    replies.child([model, variant, finishReason])
  }

  /// Counts what was wrong with a reply.
  func record(_ anomalies: [ReplyAnomaly], model: String, variant: String) {
    for anomaly in anomalies { self.anomalies.child([model, variant, anomaly.rawValue]).increment() }
  }

  /// Counts one tool call.
  func record(_ result: ToolCallResult, labels: ToolCallLabels) {
    let provider = providers.withLock { $0.admit(labels.provider) }
    toolCalls.child([labels.model, labels.variant, provider, result.rawValue]).increment()
  }

  /// Counts a verdict, and says of a bad call what was wrong with it: names of the request's schema, never a value.
  func record(_ outcome: ToolCallOutcome, logger: Logger) {
    let (verdict, labels) = (outcome.verdict, outcome.labels)
    record(verdict.result, labels: labels)
    guard verdict.result != .valid, verdict.result != .unchecked else { return }
    logger.notice(
      "tool call",
      metadata: [
        "request_id": "\(labels.requestID)", "model": "\(labels.model)", "provider": "\(labels.provider)",
        "result": "\(verdict.result.rawValue)", "position": "\(outcome.position)", "tool": "\(verdict.tool ?? "")",
        "path": "\(verdict.path ?? "")", "keyword": "\(verdict.keyword ?? "")",
      ])
  }
}
