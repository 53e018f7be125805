import WeirPolicy
import WeirWire

// Tool calls of the reply, checked against the tools that the request offered.
extension LiveExchange {
  /// Whether there is anything to check calls against.
  var offersTools: Bool { (envelope?.range(of: .tools) ?? envelope?.range(of: .functions)) != nil }

  /// Hands the reply's calls to the checker; to be called while the request's body is still there.
  ///
  /// - Returns: what the row in the ledger waits for; nil where there is nothing to check.
  func submitToolCalls(wasComplete: Bool) -> ToolCallTally? {
    guard let calls = reply.meter?.takeToolCalls(), !calls.isEmpty, let tools = toolsText else { return nil }
    let labels = ToolCallLabels(
      model: loop.state.metrics.label(model: exchange.model?.upstreamID ?? "none"),
      variant: exchange.assignment?.variant ?? "none", provider: reply.meter?.reading.provider ?? "none",
      requestID: exchange.requestID)
    let tally = ToolCallTally(calls: calls.count)
    // A reply that was stopped for a call of a forbidden tool has calls without their ends.
    guard wasComplete, reply.meter?.reading.sawEndMarker == true,
      loop.state.toolChecker.submit(tools: tools, calls: calls, labels: labels, tally: tally)
    else {
      for _ in calls { loop.state.metrics.conversation.record(.unchecked, labels: labels) }
      return nil
    }
    return tally
  }
}
