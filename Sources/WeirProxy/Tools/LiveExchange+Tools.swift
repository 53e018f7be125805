import WeirPolicy
import WeirWire

// Tool calls of the reply, checked against the tools that the request offered.
extension LiveExchange {
  /// Whether there is anything to check calls against.
  var offersTools: Bool { envelope?.range(of: .tools) != nil }

  /// Hands the reply's calls to the checker; to be called while the request's body is still there.
  func submitToolCalls(wasComplete: Bool) {
    guard let calls = reply.meter?.takeToolCalls(), !calls.isEmpty, let tools = toolsText else { return }
    let labels = ToolCallLabels(
      model: loop.state.metrics.label(model: exchange.model?.upstreamID ?? "none"),
      variant: exchange.assignment?.variant ?? "none", provider: reply.meter?.reading.provider ?? "none",
      requestID: exchange.requestID)
    guard wasComplete, loop.state.toolChecker.submit(tools: tools, calls: calls, labels: labels) else {
      for _ in calls { loop.state.metrics.conversation.record(.unchecked, labels: labels) }
      return
    }
  }
}
