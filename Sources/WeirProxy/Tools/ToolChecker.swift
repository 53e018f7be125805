import Synchronization
public import WeirThreads
public import WeirWire

/// Checks tool calls on a thread of its own, off the relay's path: replies wait in a queue with bounds in number and
/// bytes, since one call may take up to two seconds. Any thread may submit; one short lock a reply.
public final class ToolChecker: Sendable {
  /// The tool calls of one reply.
  private struct Reply {
    let tools: [UInt8]
    let calls: [CollectedToolCall]
    let labels: ToolCallLabels
    let tally: ToolCallTally?
    let bytes: Int
  }

  private struct Queue {
    var replies: [Reply] = []
    /// Of the queue and of what the thread has in hand.
    var bytes = 0
    var count = 0
    var isClosed = false
    var isDiscarding = false
    var isWorking = false
  }

  /// More replies than this do not wait.
  static let maximumReplies = 1000
  /// What waiting replies may take in all: the requests' tools and the calls' arguments.
  static let maximumBytes = 64 << 20

  private let queue = Mutex(Queue())
  private let wake = Semaphore()
  private let finished = Semaphore()
  private let onResult: @Sendable (ToolCallOutcome) -> Void

  /// Starts the thread.
  ///
  /// - Parameter onResult: called on the checker's thread, once a call.
  public init(onResult: @escaping @Sendable (ToolCallOutcome) -> Void) throws(ThreadStartError) {
    self.onResult = onResult
    // Schemas nest, and threads may have little stack by default.
    try NamedThread.start("weir-tools", stackBytes: ToolJudge.stackBytes) { self.run() }
  }

  /// Queues a reply's tool calls.
  ///
  /// - Parameters:
  ///   - tools: the text of the request's `tools` member, or of its `functions`.
  ///   - calls: as the reply's meter handed them out.
  /// - Returns: false when the queue is full, or closed: nothing will be heard of these calls, so the caller counts
  ///   each as ``ToolCallResult/unchecked``.
  public func submit(tools: [UInt8], calls: [CollectedToolCall], labels: ToolCallLabels) -> Bool {
    submit(tools: tools, calls: calls, labels: labels, tally: nil)
  }

  /// As the other; the verdicts are counted in the tally too.
  func submit(
    tools: [UInt8], calls: [CollectedToolCall], labels: ToolCallLabels, tally: ToolCallTally?
  ) -> Bool {
    guard !calls.isEmpty else { return true }
    let bytes = calls.reduce(tools.count) { $0 + $1.arguments.count }
    let accepted = queue.withLock { queue -> (isQueued: Bool, needsWake: Bool) in
      guard !queue.isClosed, queue.count < Self.maximumReplies, queue.bytes + bytes <= Self.maximumBytes else {
        return (false, false)
      }
      queue.replies.append(Reply(tools: tools, calls: calls, labels: labels, tally: tally, bytes: bytes))
      queue.bytes += bytes
      queue.count += 1
      defer { queue.isWorking = true }
      return (true, !queue.isWorking)
    }
    if accepted.needsWake { wake.signal() }
    return accepted.isQueued
  }

  /// Ends the thread and waits for its end. Blocks, so never on an event loop.
  ///
  /// - Parameter discardingQueue: true for a shutdown that has no time: what waits is dropped, and only the reply in
  ///   hand is finished.
  public func close(discardingQueue: Bool = false) {
    let wasOpen = queue.withLock { queue in
      defer { queue.isClosed = true }
      queue.isDiscarding = discardingQueue
      return !queue.isClosed
    }
    guard wasOpen else { return }
    wake.signal()
    finished.wait()
  }

  // MARK: The thread

  private func run() {
    var judge = ToolJudge()
    while true {
      wake.wait()
      while let batch = takeBatch() {
        for reply in batch where !queue.withLock({ $0.isDiscarding }) { check(reply, &judge) }
      }
      if queue.withLock({ $0.isClosed && $0.replies.isEmpty }) { break }
    }
    finished.signal()
  }

  /// Nil hands the duty to wake the thread back to the submitters.
  private func takeBatch() -> [Reply]? {
    queue.withLock { queue in
      guard !queue.replies.isEmpty else {
        queue.isWorking = false
        return nil
      }
      defer { queue.replies = [] }
      return queue.replies
    }
  }

  private func check(_ reply: Reply, _ judge: inout ToolJudge) {
    for (position, verdict) in judge.judge(reply.calls, tools: reply.tools).enumerated() {
      onResult(ToolCallOutcome(labels: reply.labels, position: position, verdict: verdict))
      reply.tally?.add(verdict.result)
    }
    queue.withLock { queue in
      queue.bytes -= reply.bytes
      queue.count -= 1
    }
  }
}
